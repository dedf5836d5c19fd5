import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { Store } from '@collimator/shared/sqlite/store';

export const assignedSql = 'SELECT name, version, sha256 FROM assignments WHERE device = ? ORDER BY name';

/** What the hub wants a device to run: the assignments in force, one a release name. */
export const assignedReleases =
  (store: Store) =>
  (device: string): readonly ReleaseRef[] =>
    store.all<ReleaseRef>(assignedSql, device).map(({ name, version, sha256 }) => ({ name, version, sha256 }));
