import fc from 'fast-check';

/** One change to a run of bytes: where (a share of the length), what, and a number for it. */
export type Edit = { readonly kind: number; readonly where: number; readonly value: number };

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.nat(6),
  where: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
  value: fc.nat(0xffff_ffff),
});
export const someEdits: fc.Arbitrary<readonly Edit[]> = fc.array(edit, { minLength: 1, maxLength: 6 });

/** Numbers at which lengths go wrong. */
const absurd = [0, 1, 2, 0x7f, 0xff, 0xfffe, 0xffff, 0x10000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

/**
 * Changes bytes as transmission, bad software and bad people do: single bytes and bits, runs left out, doubled or put
 * in, an early end, and absurd numbers where lengths may be.
 */
export function mutate(
  seed: Buffer,
  { edits, noise }: { readonly edits: readonly Edit[]; readonly noise: Uint8Array },
): Buffer {
  let bytes = Buffer.from(seed);
  for (const { kind, where, value } of edits) {
    if (bytes.length === 0) break;
    const at = Math.floor(where * bytes.length);
    const size = Math.min(value % 64, bytes.length - at);
    if (kind === 0) bytes[at] = value & 0xff;
    if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << (value & 7));
    if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
    if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]);
    if (kind === 4) bytes = bytes.subarray(0, at);
    if (kind === 5) bytes = Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
    if (kind === 6 && at + 4 <= bytes.length) {
      const number = absurd[value % absurd.length] ?? 0;
      if (value % 2 === 0) bytes.writeUInt32LE(number, at);
      else bytes.writeUInt32BE(number, at);
    }
  }
  return bytes;
}
