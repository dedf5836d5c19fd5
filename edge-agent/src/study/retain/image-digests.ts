import { createHash } from 'node:crypto';

/** Enough to tell the images of one study apart: two of a million UIDs meet once in thirty million studies. */
const DIGEST_BYTES = 8;

const digestOf = (sopInstanceUid: string): Buffer =>
  createHash('sha256').update(sopInstanceUid).digest().subarray(0, DIGEST_BYTES);

/** The images of a job in an eighth of the room: the beginning of the SHA-256 of each UID, one behind the other. */
export const imageDigests = (sopInstanceUids: readonly string[]): Buffer =>
  Buffer.concat(sopInstanceUids.map(digestOf));

/** Whether one of these UIDs is among those that gave the digests. */
export function namesOne(images: Uint8Array, sopInstanceUids: readonly string[]): boolean {
  const all = Buffer.from(images.buffer, images.byteOffset, images.byteLength);
  const known = new Set<string>();
  for (let at = 0; at < all.length; at += DIGEST_BYTES) known.add(all.toString('latin1', at, at + DIGEST_BYTES));
  return sopInstanceUids.some((uid) => known.has(digestOf(uid).toString('latin1')));
}
