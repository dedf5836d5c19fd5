import type { PaddingRange } from './slice.ts';

// Scanners fill up the matrix outside the reconstructed circle with a value that is no measurement (PS3.3 §C.7.5.1.1.2).
// Between the file and the model it must change nothing: it is left out of every statistic, and then takes the lower
// limit of the first clip, or, where it meets a resize, a z-score or the end before a clip, the lowest value of its
// slice that is no padding (0 in a slice that is all padding). The trainer runs the same code; a training volume that
// was converted with its padding in it does not say so, and counts all its values.

/** Marks padding as NaN, in place; tells whether there was any. */
export function markPadding(values: Float32Array, { low, high }: PaddingRange): boolean {
  let found = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < low || value > high) continue;
    values[i] = Number.NaN;
    found = true;
  }
  return found;
}

/** Puts `value` where padding is marked, in place. */
export function fillPadding(values: Float32Array, value: number): void {
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) values[i] = value;
}

/** The lowest value that is not marked; 0 where all are. */
export function lowestOf(values: Float32Array): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < values.length; i++) if ((values[i] as number) < lowest) lowest = values[i] as number;
  return lowest === Number.POSITIVE_INFINITY ? 0 : lowest;
}
