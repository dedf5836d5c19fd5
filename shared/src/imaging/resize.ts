import type { Plane } from './slice.ts';

export type Interpolation = 'bilinear' | 'nearest';

/** For each output position: the first input position and the weights of it and its followers (sum 1). */
type Taps = {
  readonly first: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Float64Array;
  readonly width: number;
};

/** A resize from one fixed size to another; the weights are computed once and shared by all slices of a series. */
export type Resizer = (plane: Plane) => Plane;

/**
 * Makes a separable resize with half-pixel centres.
 * `bilinear` with `antialias` widens the triangle filter by the scale factor where the image shrinks (as PIL and
 * torchvision do); without it the two nearest inputs are used. Weights beyond the border are left out and the rest
 * normalised. `nearest` takes the input whose area holds the output's centre.
 * Columns are filtered before rows, with float64 sums rounded to float32 after each pass.
 */
export function makeResizer(
  from: { readonly rows: number; readonly columns: number },
  to: { readonly rows: number; readonly columns: number },
  options: { readonly interpolation: Interpolation; readonly antialias: boolean },
): Resizer {
  if (from.rows === to.rows && from.columns === to.columns) return (plane) => plane;
  const taps = options.interpolation === 'nearest' ? nearestTaps : options.antialias ? triangleTaps : plainTaps;
  const horizontal = taps(from.columns, to.columns);
  const vertical = taps(from.rows, to.rows);
  return (plane) => {
    if (plane.rows !== from.rows || plane.columns !== from.columns)
      throw new RangeError(`made for ${from.rows}×${from.columns}, got ${plane.rows}×${plane.columns}`);
    const wide = alongColumns(plane.values, from.rows, from.columns, to.columns, horizontal);
    return { values: alongRows(wide, to.columns, to.rows, vertical), rows: to.rows, columns: to.columns };
  };
}

const plainTaps = (input: number, output: number): Taps => filterTaps(input, output, 1);
const triangleTaps = (input: number, output: number): Taps => filterTaps(input, output, Math.max(1, input / output));

function filterTaps(input: number, output: number, support: number): Taps {
  const width = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(output);
  const counts = new Int32Array(output);
  const weights = new Float64Array(output * width);
  for (let o = 0; o < output; o++) {
    const centre = (o + 0.5) * (input / output);
    const from = Math.max(0, Math.floor(centre - support + 0.5));
    const until = Math.min(input, Math.floor(centre + support + 0.5));
    let sum = 0;
    for (let i = from; i < until; i++) {
      const weight = Math.max(0, 1 - Math.abs(i + 0.5 - centre) / support);
      weights[o * width + i - from] = weight;
      sum += weight;
    }
    for (let t = 0; t < until - from; t++) weights[o * width + t] = (weights[o * width + t] as number) / sum;
    first[o] = from;
    counts[o] = until - from;
  }
  return { first, counts, weights, width };
}

function nearestTaps(input: number, output: number): Taps {
  const first = Int32Array.from({ length: output }, (_, o) =>
    Math.min(input - 1, Math.floor(((2 * o + 1) * input) / (2 * output))),
  );
  return { first, counts: new Int32Array(output).fill(1), weights: new Float64Array(output).fill(1), width: 1 };
}

function alongColumns(values: Float32Array, rows: number, columns: number, to: number, taps: Taps): Float32Array {
  const out = new Float32Array(rows * to);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < to; c++) {
      const base = r * columns + (taps.first[c] as number);
      const count = taps.counts[c] as number;
      let sum = 0;
      for (let t = 0; t < count; t++)
        sum += (values[base + t] as number) * (taps.weights[c * taps.width + t] as number);
      out[r * to + c] = sum;
    }
  }
  return out;
}

function alongRows(values: Float32Array, columns: number, to: number, taps: Taps): Float32Array {
  const out = new Float32Array(to * columns);
  const sums = new Float64Array(columns);
  for (let r = 0; r < to; r++) {
    sums.fill(0);
    const count = taps.counts[r] as number;
    for (let t = 0; t < count; t++) {
      const weight = taps.weights[r * taps.width + t] as number;
      const base = ((taps.first[r] as number) + t) * columns;
      for (let c = 0; c < columns; c++) sums[c] = (sums[c] as number) + (values[base + c] as number) * weight;
    }
    for (let c = 0; c < columns; c++) out[r * columns + c] = sums[c] as number;
  }
  return out;
}
