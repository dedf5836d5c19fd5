import type { Release, Segment } from '@collimator/shared/contracts/release';
import { derivedUid } from '../elements/derived-uid.ts';
import type { SourceInstance } from '../result-context.ts';

/** Under what name and UID a segment goes in SEG and SR alike (PS3.16 TID 1411). */
export type Tracking = { readonly identifier: string; readonly uid: string };

/** The same for every result of a release name on a series, so that a corrected one speaks of the same finding. */
export const trackingOf = (
  release: Release,
  segment: Segment,
  sources: readonly Pick<SourceInstance, 'seriesInstanceUid'>[],
): Tracking => ({
  identifier: `${release.name} ${segment.label}`,
  uid: derivedUid('tracking', release.name, sources[0]?.seriesInstanceUid ?? '', String(segment.number)),
});
