import type { Release } from '@collimator/shared/contracts/release';
import { derivedUid } from '../elements/derived-uid.ts';
import type { SourceInstance } from '../result-context.ts';

/** Under what name and UID a segment goes in SEG and SR alike (PS3.16 TID 1411). */
export type Tracking = { readonly identifier: string; readonly uid: string };

/**
 * The same for every result of a release name on a series, so that a corrected one speaks of the same finding.
 *
 * @param of what is tracked, by its name and a key that no other of the release has
 */
export const trackingOf = (
  release: Release,
  of: { readonly label: string; readonly number: number | string },
  sources: readonly Pick<SourceInstance, 'seriesInstanceUid'>[],
): Tracking => ({
  identifier: `${release.name} ${of.label}`,
  uid: derivedUid('tracking', release.name, sources[0]?.seriesInstanceUid ?? '', String(of.number)),
});
