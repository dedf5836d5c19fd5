/** Samples of one frame as a codec gave them: little endian cells of whole bytes, or of single bits. */
export type FrameCells = {
  readonly bytes: Uint8Array;
  readonly layout: 'interleaved' | 'planar' | 'pairs-422';
  /** Whether a codec has made RGB of what the header calls YBR. */
  readonly rgb: boolean;
};

/** Bytes of one sample to cells of two, four bytes, with zeros above. */
export function widened(samples: Uint8Array, from: number, to: number): Uint8Array {
  if (from === to) return samples;
  const count = Math.floor(samples.length / from);
  const out = new Uint8Array(count * to);
  const kept = Math.min(from, to);
  for (let i = 0; i < count; i++)
    for (let byte = 0; byte < kept; byte++) out[i * to + byte] = samples[i * from + byte] as number;
  return out;
}
