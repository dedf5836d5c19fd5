import type { Release } from '@collimator/shared/contracts/release';
import type { Store } from '@collimator/shared/sqlite/store';

/** The releases that jobs were made for, by the digest of their release.json. One row each, however many jobs. */
export type RunReleases = {
  /** Resolves when it is on the disk; called before the first job of a release is written. */
  remember(sha256: string, release: Release): Promise<void>;
  get(sha256: string): Release | undefined;
};

export const runReleaseSql = {
  get: 'SELECT release_json AS json FROM run_releases WHERE sha256 = ?',
  known: 'SELECT 1 AS found FROM run_releases WHERE sha256 = ?',
} as const;

export function createSqliteRunReleases(store: Store): RunReleases {
  return {
    async remember(sha256, release) {
      if (store.get(runReleaseSql.known, sha256) !== undefined) return;
      await store.write([
        {
          sql: 'INSERT INTO run_releases (sha256, release_json) VALUES (?, ?) ON CONFLICT DO NOTHING',
          params: [sha256, JSON.stringify(release)],
        },
      ]);
    },
    get(sha256) {
      const json = store.get<{ json: string }>(runReleaseSql.get, sha256)?.json;
      // Its shape was checked when it became active, and it is our own row.
      return json === undefined ? undefined : (JSON.parse(json) as Release);
    },
  };
}
