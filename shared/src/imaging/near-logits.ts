import { type NearPlane, sureBelow } from './near-mask.ts';
import type { Plane } from './slice.ts';

/**
 * Makes what gives the sigmoids of a plane of logits, at the places that are not surely below a threshold and around them;
 * what lies elsewhere says nothing.
 *
 * @param at of probabilities
 * @returns a function for planes of this size; what it gives is laid over by the next one
 */
export function makeNearLogits(
  { rows, columns }: Pick<Plane, 'rows' | 'columns'>,
  at: number,
): (logits: Float32Array) => NearPlane {
  const values = new Float32Array(rows * columns);
  const near = new Uint8Array(rows * columns);
  const known = new Uint8Array(rows * columns);
  // A threshold of 0 or less is reached everywhere, and one beyond 1 has no logit: both mark all.
  const low = -Math.log(1 / sureBelow(at) - 1);
  return (logits) => {
    near.fill(0);
    known.fill(0);
    for (let i = 0; i < logits.length; i++) {
      if ((logits[i] as number) < low) continue;
      near[i] = 1;
      const row = Math.floor(i / columns);
      const column = i - row * columns;
      const [left, right] = [Math.max(0, column - 1), Math.min(columns - 1, column + 1)];
      for (let r = Math.max(0, row - 1); r <= Math.min(rows - 1, row + 1); r++)
        for (let n = r * columns + left; n <= r * columns + right; n++) {
          if (known[n] === 1) continue;
          known[n] = 1;
          values[n] = 1 / (1 + Math.exp(-(logits[n] as number)));
        }
    }
    return { values, near, rows, columns };
  };
}

/** The same of values that are probabilities already. */
export function nearProbabilities(values: Float32Array, rows: number, columns: number, at: number): NearPlane {
  const near = new Uint8Array(values.length);
  const low = sureBelow(at);
  for (let i = 0; i < near.length; i++) if ((values[i] as number) >= low) near[i] = 1;
  return { values, near, rows, columns };
}
