import { createHash } from 'node:crypto';

/** Hex digits of a SHA-256 that name a folder or a file: 128 bits, so that no two UIDs meet. */
const DIGITS = 32;

const nameOf = (uid: string): string => createHash('sha256').update(uid).digest('hex').slice(0, DIGITS);

/** Where an instance lies below `studies/`: names are digests, because a UID from the network is not fit for a path. */
export type InstancePlace = { readonly study: string; readonly series: string; readonly file: string };

export const placeOf = (uids: {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}): InstancePlace => ({
  study: nameOf(uids.studyInstanceUid),
  series: nameOf(uids.seriesInstanceUid),
  file: `${nameOf(uids.sopInstanceUid)}.dcm`,
});

/** Relative to the data folder, with `/`, as the index keeps it. */
export const relativePath = ({ study, series, file }: InstancePlace): string => `studies/${study}/${series}/${file}`;
