import { createHash } from 'node:crypto';

/**
 * A UID that follows from others: `2.25.` and a version 8 UUID (RFC 9562 §5.8) of their SHA-256. Saves the caller from
 * storing every UID inside an object: the same object always gets the same ones.
 */
export function derivedUid(purpose: string, ...from: readonly string[]): string {
  const digest = createHash('sha256')
    .update(['collimator', purpose, ...from].join('\n'))
    .digest();
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${digest.subarray(0, 16).toString('hex')}`)}`;
}
