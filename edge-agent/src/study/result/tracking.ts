import type { Release, Segment } from '@collimator/shared/contracts/release';
import { derivedUid } from './derived-uid.ts';

/** Under what name and UID a segment goes in SEG and SR alike (PS3.16 TID 1411). */
export type Tracking = { readonly identifier: string; readonly uid: string };

export const trackingOf = (release: Release, segment: Segment, segUid: string): Tracking => ({
  identifier: `${release.name} ${segment.label}`,
  uid: derivedUid('tracking', segUid, String(segment.number)),
});
