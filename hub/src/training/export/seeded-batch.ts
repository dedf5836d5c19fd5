import type { Batch } from './parity.ts';

/** Uniform numbers in [0, 1) from a 32-bit seed; the same on every machine. (Weyl sequence with an xorshift mix.) */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
}

/** Inputs in [−2, 2), which reaches both sides of every activation. */
export function seededBatch(shapes: readonly (readonly number[])[], seed: number): Batch {
  const uniform = seededUniform(seed);
  return shapes.map((dims) => ({
    dims,
    data: Float32Array.from({ length: dims.reduce((product, dim) => product * dim, 1) }, () => uniform() * 4 - 2),
  }));
}
