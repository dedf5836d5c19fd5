import { filterTaps, nearestTaps, type Taps } from './taps.ts';
import { type MakeValues, newValues, type Pixels, type Plane } from './slice.ts';
import type { Span, ValueTable } from './value-table.ts';

export type Interpolation = 'bilinear' | 'nearest';

/** A resize from one fixed size to another; the weights are computed once and shared by all slices of a series. */
export type Resizer = ((plane: Plane, make?: MakeValues) => Plane) & {
  /** The same of stored values whose number is looked up in a table, without the plane between. */
  readonly looked: (pixels: Pixels, table: ValueTable, make?: MakeValues) => Plane;
};

/** Rows that are filtered together: each weight is loaded once for all of them. */
const ROWS_TOGETHER = 4;

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
  const same = from.rows === to.rows && from.columns === to.columns;
  const taps = (input: number, output: number): Taps =>
    options.interpolation === 'nearest'
      ? nearestTaps(input, output)
      : filterTaps(input, output, options.antialias ? Math.max(1, input / output) : 1);
  const horizontal = taps(from.columns, to.columns);
  const vertical = taps(from.rows, to.rows);
  const size = { rows: to.rows, columns: to.columns };
  const scratch = new Float32Array(ROWS_TOGETHER * from.columns);
  const between = createBetween(to.columns, vertical, from.rows);
  const reach = createReach(horizontal, from.columns);

  const plane = ({ values, rows, columns }: Plane, make = newValues): Plane => {
    if (rows !== from.rows || columns !== from.columns)
      throw new RangeError(`made for ${from.rows}×${from.columns}, got ${rows}×${columns}`);
    if (same) return { values, rows, columns };
    const wide: MakeRows = (row, count, out, at) => {
      alongColumns({ values, at: row * columns }, out, at, count, columns, horizontal);
      return [0, to.columns];
    };
    return { values: between(wide, rows, make), ...size };
  };
  const looked = (pixels: Pixels, table: ValueTable, make = newValues): Plane => {
    if (pixels.length !== from.rows * from.columns)
      throw new RangeError(`made for ${from.rows}×${from.columns}, got ${pixels.length} pixels`);
    if (same) {
      const values = make(pixels.length);
      table.look(pixels, values, from.columns)(0, pixels.length);
      return { values, ...size };
    }
    const look = table.look(pixels, scratch, from.columns);
    const wide: MakeRows = (row, count, out, at) => {
      // Sums of nothing but 0, what a window makes of the air around a body, need not be worked out.
      const span = reach(look(row * from.columns, count * from.columns));
      alongColumns({ values: scratch, at: 0 }, out, at, count, from.columns, horizontal, span);
      return span;
    };
    return { values: between(wide, from.rows, make), ...size };
  };
  return Object.assign(plane, { looked });
}

/**
 * Makes `count` filtered rows, from `row` of the input on, at `at` in `out`; gives the columns outside of which all of
 * them are 0.
 */
type MakeRows = (row: number, count: number, out: Float32Array, at: number) => Span;

/** Which outputs see any of some columns of the input. */
function createReach({ outputs, first, counts }: Taps, columns: number): (span: Span) => Span {
  const from = new Int32Array(columns + 1).fill(outputs);
  const until = new Int32Array(columns + 1);
  for (let c = outputs - 1; c >= 0; c--)
    from.fill(c, 0, Math.min(columns, (first[c] as number) + (counts[c] as number)));
  for (let c = 0; c < outputs; c++) until.fill(c + 1, (first[c] as number) + 1);
  return ([low, high]) => (low >= high ? [0, 0] : [from[low] as number, until[high] as number]);
}

/** Rows between the two passes that are held at once, so that they stay in the fastest cache. */
const ROWS_BETWEEN = 48;

/** Runs the second pass as soon as it has the rows that it needs of the first. */
function createBetween(
  columns: number,
  vertical: Taps,
  rowsMax: number,
): (rowsOf: MakeRows, rows: number, make: MakeValues) => Float32Array {
  const held = Math.max(ROWS_BETWEEN, vertical.width + 2 * ROWS_TOGETHER);
  const buffer = new Float32Array(held * columns);
  const from = new Int32Array(rowsMax);
  const until = new Int32Array(rowsMax);
  return (rowsOf, rows, make) => {
    const out = make(vertical.outputs * columns);
    // The buffer holds the rows from `first` to `next`, which is not yet made.
    let first = 0;
    let next = 0;
    for (let r = 0; r < vertical.outputs; r++) {
      const needed = vertical.first[r] as number;
      const end = needed + (vertical.counts[r] as number);
      while (next < end) {
        const count = Math.min(ROWS_TOGETHER, rows - next);
        if (next + count - first > held) {
          buffer.copyWithin(0, (needed - first) * columns, (next - first) * columns);
          first = needed;
        }
        const span = rowsOf(next, count, buffer, (next - first) * columns);
        from.fill(span[0], next, next + count);
        until.fill(span[1], next, next + count);
        next += count;
      }
      let [low, high] = [columns, 0];
      for (let row = needed; row < end; row++) {
        if ((from[row] as number) < low) low = from[row] as number;
        if ((until[row] as number) > high) high = until[row] as number;
      }
      // What is left out is 0, as what was made is.
      if (low < high) rowOf(buffer, (needed - first) * columns, columns, vertical, r, out, r * columns, low, high);
    }
    return out;
  };
}

/**
 * Filters rows of `columns` values from `source` on, into rows of `out`.
 * Sums begin with 0 and add their terms in the order of the inputs, whatever the loop they are in.
 */
export function alongColumns(
  source: { readonly values: Float32Array; readonly at: number },
  out: Float32Array,
  outAt: number,
  rows: number,
  columns: number,
  taps: Taps,
  span: Span = [0, taps.outputs],
): void {
  const to = taps.outputs;
  const [from, until] = span;
  for (let at = outAt; at < outAt + rows * to; at += to) {
    out.fill(0, at, at + from);
    out.fill(0, at + until, at + to);
  }
  let row = 0;
  const values = source.values;
  if (taps.even?.width === 5)
    for (; row + ROWS_TOGETHER <= rows; row += ROWS_TOGETHER)
      fourRowsOfFive(values, source.at + row * columns, columns, out, outAt + row * to, taps.even, from, until);
  for (; row < rows; row++) {
    const start = source.at + row * columns;
    for (let c = from; c < until; c++) {
      const base = start + (taps.first[c] as number);
      const count = taps.counts[c] as number;
      let sum = 0;
      for (let t = 0; t < count; t++)
        sum += (values[base + t] as number) * (taps.weights[c * taps.width + t] as number);
      out[outAt + row * to + c] = sum;
    }
  }
}

/** The loop of `alongColumns` unrolled for the commonest case: what is 512 wide made 224 to 256 wide. */
function fourRowsOfFive(
  v: Float32Array,
  at: number,
  columns: number,
  out: Float32Array,
  outAt: number,
  { first, weights: w }: NonNullable<Taps['even']>,
  from: number,
  until: number,
): void {
  const to = first.length;
  for (let c = from; c < until; c++) {
    const i = at + first[c]!;
    const t = c * 5;
    const w0 = w[t]!;
    const w1 = w[t + 1]!;
    const w2 = w[t + 2]!;
    const w3 = w[t + 3]!;
    const w4 = w[t + 4]!;
    const o = outAt + c;
    out[o] = 0 + v[i]! * w0 + v[i + 1]! * w1 + v[i + 2]! * w2 + v[i + 3]! * w3 + v[i + 4]! * w4;
    const j = i + columns;
    out[o + to] = 0 + v[j]! * w0 + v[j + 1]! * w1 + v[j + 2]! * w2 + v[j + 3]! * w3 + v[j + 4]! * w4;
    const k = j + columns;
    out[o + 2 * to] = 0 + v[k]! * w0 + v[k + 1]! * w1 + v[k + 2]! * w2 + v[k + 3]! * w3 + v[k + 4]! * w4;
    const l = k + columns;
    out[o + 3 * to] = 0 + v[l]! * w0 + v[l + 1]! * w1 + v[l + 2]! * w2 + v[l + 3]! * w3 + v[l + 4]! * w4;
  }
}

/** Filters across rows of `columns` values; also across slices, where a row is a whole slice. */
export function alongRows(values: Float32Array, columns: number, taps: Taps, at = 0): Float32Array {
  const out = new Float32Array(taps.outputs * columns);
  for (let r = 0; r < taps.outputs; r++)
    rowOf(values, at + (taps.first[r] as number) * columns, columns, taps, r, out, r * columns, 0, columns);
  return out;
}

/** One row of the output, at `o`, of the rows that begin at `base`; from column `from` until `until`. */
function rowOf(
  v: Float32Array,
  base: number,
  columns: number,
  { counts, weights, width }: Taps,
  r: number,
  out: Float32Array,
  o: number,
  from: number,
  until: number,
): void {
  const count = counts[r] as number;
  const w = r * width;
  if (count === 1) {
    const w0 = weights[w]!;
    for (let c = from; c < until; c++) out[o + c] = 0 + v[base + c]! * w0;
  } else if (count === 2) {
    const w0 = weights[w]!;
    const w1 = weights[w + 1]!;
    for (let c = from; c < until; c++) out[o + c] = 0 + v[base + c]! * w0 + v[base + columns + c]! * w1;
  } else if (count === 4 || count === 5) {
    // The fifth of four is any that is there: its weight is 0.
    const fifth = base + (count === 5 ? 4 * columns : 0);
    const w4 = count === 5 ? weights[w + 4]! : 0;
    fiveRows(
      v,
      base,
      fifth,
      columns,
      weights[w]!,
      weights[w + 1]!,
      weights[w + 2]!,
      weights[w + 3]!,
      w4,
      out,
      o,
      from,
      until,
    );
  } else {
    const sums = new Float64Array(columns);
    for (let t = 0; t < count; t++) {
      const weight = weights[w + t]!;
      for (let c = 0; c < columns; c++) sums[c] = sums[c]! + v[base + t * columns + c]! * weight;
    }
    out.set(sums, o);
  }
}

function fiveRows(
  v: Float32Array,
  a: number,
  e: number,
  columns: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  w4: number,
  out: Float32Array,
  o: number,
  from: number,
  until: number,
): void {
  const b = a + columns;
  const c = b + columns;
  const d = c + columns;
  for (let i = from; i < until; i++)
    out[o + i] = 0 + v[a + i]! * w0 + v[b + i]! * w1 + v[c + i]! * w2 + v[d + i]! * w3 + v[e + i]! * w4;
}
