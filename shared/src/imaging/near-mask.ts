import type { Taps } from './taps.ts';

/**
 * What a value lies below when it is sure not to reach a threshold. What interpolates between values of 0 and more lies
 * between them but for the rounding to float32 after each pass: 2⁻²⁴ of it, or 2⁻¹⁵⁰ where float32 has no smaller
 * steps. This is 64 and 1024 times as much.
 */
export const sureBelow = (at: number): number => at * (1 - 2 ** -18) - 2 ** -140;

/** A coarse plane of values from 0 on, and where they are not surely below the threshold. */
export type NearPlane = {
  /** Read only at the marked places and beside them. */
  readonly values: Float32Array;
  readonly near: Uint8Array;
  readonly rows: number;
  readonly columns: number;
};

/** From the first output on, the second not included, for each input; the outputs that take anything of it. */
type Reach = { readonly from: Int32Array; readonly to: Int32Array };

/** Whether each output lies between two inputs at most, as `makeNearCut` wants it. */
export const isLinear = ({ counts }: Taps): boolean => counts.every((count) => count === 1 || count === 2);

/**
 * Makes what cuts a plane resized by linear filters at a threshold, and computes only what has a marked value beside it:
 * the rest stays 0. Gives the bits of `alongColumns`, `alongRows` and the comparison one after the other.
 *
 * @param inside of the output: 0 for the rows and columns that nothing is marked on
 */
export function makeNearCut(
  vertical: Taps,
  horizontal: Taps,
  inside?: { readonly rows: Uint8Array; readonly columns: Uint8Array },
): (plane: NearPlane, at: number, out: Uint8Array) => void {
  const reach = reachOf(horizontal);
  /** Pairs: where the next run of outputs begins and ends. */
  const runs = new Int32Array(2 * horizontal.outputs);
  return (plane, at, out) => {
    const empty = emptyRows(plane);
    let runsOf = -1;
    let length = 0;
    for (let row = 0; row < vertical.outputs; row++) {
      const first = vertical.first[row] as number;
      const last = first + (vertical.counts[row] as number) - 1;
      if ((empty[first] === 1 && empty[last] === 1) || inside?.rows[row] === 0) continue;
      // Rows that lie between the same two follow each other.
      const pair = 2 * first + (last - first);
      if (pair !== runsOf) length = findRuns(plane, first, last, reach, runs);
      runsOf = pair;
      for (let run = 0; run < length; run += 2)
        cutRun(plane, vertical, horizontal, row, runs[run] as number, runs[run + 1] as number, at, out);
    }
    if (inside !== undefined) clearColumns(out, vertical.outputs, inside.columns);
  };
}

function reachOf({ outputs, first, counts }: Taps): Reach {
  const inputs = outputs === 0 ? 0 : Math.max(...first.map((from, o) => from + (counts[o] as number)));
  const from = new Int32Array(inputs).fill(outputs);
  const to = new Int32Array(inputs);
  for (let o = 0; o < outputs; o++)
    for (let t = 0; t < (counts[o] as number); t++) {
      const input = (first[o] as number) + t;
      from[input] = Math.min(from[input] as number, o);
      to[input] = Math.max(to[input] as number, o + 1);
    }
  return { from, to };
}

function emptyRows({ near, rows, columns }: NearPlane): Uint8Array {
  const empty = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = near.indexOf(1, row * columns);
    if (at < 0) return empty.fill(1, row);
    const next = Math.floor(at / columns);
    empty.fill(1, row, next);
    row = next;
  }
  return empty;
}

/** The outputs that have a marked value of two rows beside them, as runs that do not overlap. */
function findRuns(
  { near, columns }: NearPlane,
  first: number,
  last: number,
  { from, to }: Reach,
  runs: Int32Array,
): number {
  const [upper, lower] = [first * columns, last * columns];
  let length = 0;
  for (let c = 0; c < from.length; c++) {
    if (near[upper + c] === 0 && near[lower + c] === 0) continue;
    const [begin, end] = [from[c] as number, to[c] as number];
    if (begin >= end) continue;
    // Outputs follow the inputs, or run against them: then the next run lies before the last.
    const touches = length > 0 && begin <= (runs[length - 1] as number) && end >= (runs[length - 2] as number);
    if (touches) {
      runs[length - 2] = Math.min(runs[length - 2] as number, begin);
      runs[length - 1] = Math.max(runs[length - 1] as number, end);
      continue;
    }
    runs[length] = begin;
    runs[length + 1] = end;
    length += 2;
  }
  return length;
}

function cutRun(
  { values, columns }: NearPlane,
  vertical: Taps,
  horizontal: Taps,
  row: number,
  begin: number,
  end: number,
  at: number,
  out: Uint8Array,
): void {
  const { first, counts, weights, width } = horizontal;
  const two = vertical.counts[row] === 2;
  const upper = (vertical.first[row] as number) * columns;
  const upperWeight = vertical.weights[row * vertical.width] as number;
  const lowerWeight = two ? (vertical.weights[row * vertical.width + 1] as number) : 0;
  const o = row * horizontal.outputs;
  for (let c = begin; c < end; c++) {
    const left = upper + (first[c] as number);
    const w0 = weights[c * width] as number;
    let above = 0 + (values[left] as number) * w0;
    let below = two ? 0 + (values[left + columns] as number) * w0 : 0;
    if (counts[c] === 2) {
      const w1 = weights[c * width + 1] as number;
      above += (values[left + 1] as number) * w1;
      if (two) below += (values[left + columns + 1] as number) * w1;
    }
    let value = 0 + Math.fround(above) * upperWeight;
    if (two) value += Math.fround(below) * lowerWeight;
    if (Math.fround(value) >= at) out[o + c] = 1;
  }
}

function clearColumns(out: Uint8Array, rows: number, columns: Uint8Array): void {
  if (!columns.includes(0)) return;
  for (let row = 0; row < rows; row++)
    for (let c = 0; c < columns.length; c++) if (columns[c] === 0) out[row * columns.length + c] = 0;
}
