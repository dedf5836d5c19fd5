import type { PreprocessingOp } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';
import { percentiles, type Visit } from './order-statistics.ts';
import { makeResizer, type Resizer } from './resize.ts';
import { fillPadding, lowestOf, markPadding } from './padding.ts';
import type { Plane, SeriesSlices, SourceSlice } from './slice.ts';

/** What one op needs to know of the whole series before the first slice can pass it. */
type OpState =
  | { readonly kind: 'none' }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'moments'; readonly mean: number; readonly std: number };

/** The preprocessing of one stage, fitted to one series; slices can be taken in any order and any number of times. */
export type FittedPreprocessing = {
  readonly ops: readonly PreprocessingOp[];
  readonly states: readonly OpState[];
  readonly resizers: Map<string, Resizer>;
};

export type PreprocessedSeries = {
  /** NHWC with one channel: [slices, rows, columns, 1]. */
  readonly data: Float32Array;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly fitted: FittedPreprocessing;
};

/** Spread below which an image counts as flat: it is mapped to the middle of the target, not divided by nothing. */
const SPREAD_MIN = 1e-12;

const problem = (what: string): CodedError => new CodedError('imaging-ops-invalid', what);

/**
 * Reads from the series what its `series`-scope ops need (percentiles, moments), passing over the slices two times per
 * such op and holding one slice at a time.
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied
 */
export function fitPreprocessing(slices: SeriesSlices, ops: readonly PreprocessingOp[]): FittedPreprocessing {
  checkOps(ops);
  const states: OpState[] = [];
  const fitted: FittedPreprocessing = { ops, states, resizers: new Map() };
  for (const [index, op] of ops.entries()) {
    const visit: Visit = (take) => {
      for (let i = 0; i < slices.length; i++) take(run(fitted, sliceAt(slices, i), index).plane.values);
    };
    states.push(seriesState(op, visit));
  }
  return fitted;
}

/**
 * The model's input for one slice of a fitted series; float32, row by row.
 * All arithmetic is float64 rounded to float32 after each op, so trainer and appliance agree bit for bit.
 * Padding (see padding.ts) is left out of percentiles and moments, and has the value of the darkest real pixel after.
 */
export const preprocessSlice = (slice: SourceSlice, fitted: FittedPreprocessing): Plane =>
  run(fitted, slice, fitted.ops.length).plane;

/**
 * The model's input for a whole series; use `fitPreprocessing` and `preprocessSlice` where only a batch fits in memory.
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied, or slices that end in unequal sizes
 */
export function preprocessSeries(slices: SeriesSlices, ops: readonly PreprocessingOp[]): PreprocessedSeries {
  const fitted = fitPreprocessing(slices, ops);
  let data: Float32Array | undefined;
  let size = { rows: 0, columns: 0 };
  for (let i = 0; i < slices.length; i++) {
    const plane = preprocessSlice(sliceAt(slices, i), fitted);
    if (data === undefined) {
      size = { rows: plane.rows, columns: plane.columns };
      data = new Float32Array(slices.length * plane.values.length);
    }
    if (plane.rows !== size.rows || plane.columns !== size.columns)
      throw problem(`slice ${i} is ${plane.rows}×${plane.columns}, the first is ${size.rows}×${size.columns}`);
    data.set(plane.values, i * plane.values.length);
  }
  return { data: data ?? new Float32Array(0), slices: slices.length, ...size, fitted };
}

function checkOps(ops: readonly PreprocessingOp[]): void {
  let clipped = false;
  for (const [i, op] of ops.entries()) {
    if (op.op === 'modality-lut' && i > 0) throw problem(`preprocessing[${i}]: modality-lut must come first`);
    if ((op.op === 'clip-percentiles' || op.op === 'clip') && op.low >= op.high)
      throw problem(`preprocessing[${i}]: low must be below high`);
    if (op.op === 'scale' && op.from === 'clip' && !clipped)
      throw problem(`preprocessing[${i}]: scale from "clip" needs a clip or clip-percentiles before it`);
    if (op.op === 'scale' && op.from !== 'clip' && op.from[0] >= op.from[1])
      throw problem(`preprocessing[${i}].from: the first must be below the second`);
    if (op.op === 'clip-percentiles' || op.op === 'clip') clipped = true;
  }
}

function seriesState(op: PreprocessingOp, visit: Visit): OpState {
  if (op.op === 'clip-percentiles' && op.scope === 'series') return percentileRange(visit, op.low, op.high);
  if (op.op === 'z-score' && op.scope === 'series') return moments(visit);
  return { kind: 'none' };
}

/** Applies the first `until` ops to a slice; `clip` is the range of the last clip that was met. */
function run(fitted: FittedPreprocessing, slice: SourceSlice, until: number): { plane: Plane } {
  if (slice.pixels.length !== slice.rows * slice.columns) throw problem('a slice has not rows × columns pixels');
  let plane: Plane = { values: new Float32Array(slice.pixels), rows: slice.rows, columns: slice.columns };
  // NaN from here to where they are filled: statistics leave it out, and no op makes a number of it.
  let padded = slice.padding !== undefined && markPadding(plane.values, slice.padding);
  const fill = (value?: number): void => {
    if (padded) fillPadding(plane.values, value ?? lowestOf(plane.values));
    padded = false;
  };
  let clip: readonly [number, number] = [0, 0];
  for (let i = 0; i < until; i++) {
    const op = fitted.ops[i] as PreprocessingOp;
    const state = fitted.states[i] as OpState;
    const own: Visit = (take) => take(plane.values);
    switch (op.op) {
      case 'modality-lut':
        plane = mapped(plane, affine(slice.slope ?? 1, slice.intercept ?? 0));
        break;
      case 'clip-percentiles': {
        const range = state.kind === 'range' ? state : percentileRange(own, op.low, op.high);
        clip = [range.low, range.high];
        fill(range.low);
        plane = mapped(plane, limited(range.low, range.high));
        break;
      }
      case 'clip':
        clip = [op.low, op.high];
        fill(op.low);
        plane = mapped(plane, limited(op.low, op.high));
        break;
      case 'resize':
        fill();
        plane = resizerFor(fitted, plane, op)(plane);
        break;
      case 'scale':
        plane = mapped(plane, rescaled(op.from === 'clip' ? clip : op.from, op.to));
        break;
      case 'z-score': {
        const { mean, std } = state.kind === 'moments' ? state : moments(own);
        fill();
        plane = mapped(plane, std < SPREAD_MIN ? () => 0 : (value) => (value - mean) / std);
        break;
      }
    }
  }
  // The statistics of an op that is not reached yet are asked for with the padding still marked.
  if (until === fitted.ops.length) fill();
  return { plane };
}

/** In place: the plane is this slice's own copy. */
function mapped(plane: Plane, f: (value: number) => number): Plane {
  const { values } = plane;
  for (let i = 0; i < values.length; i++) values[i] = f(values[i] as number);
  return plane;
}

const affine = (slope: number, intercept: number) => (value: number) => value * slope + intercept;
const limited = (low: number, high: number) => (value: number) => Math.min(high, Math.max(low, value));

/** Maps `from` to `to`; a flat source range gives the middle of the target. */
function rescaled(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  const [low, high] = from;
  if (high - low < SPREAD_MIN) return () => (to[0] + to[1]) / 2;
  const factor = (to[1] - to[0]) / (high - low);
  return (value) => to[0] + (value - low) * factor;
}

function percentileRange(visit: Visit, low: number, high: number): OpState & { kind: 'range' } {
  const found = percentiles(visit, [low, high]);
  return { kind: 'range', low: found?.[0] ?? 0, high: found?.[1] ?? 0 };
}

/** Mean and population standard deviation, in two passes of float64 sums in slice order. NaN is not counted. */
function moments(visit: Visit): OpState & { kind: 'moments' } {
  let count = 0;
  let sum = 0;
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) continue;
      count++;
      sum += value;
    }
  });
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!Number.isNaN(value)) squares += (value - mean) ** 2;
    }
  });
  return { kind: 'moments', mean, std: count === 0 ? 0 : Math.sqrt(squares / count) };
}

function resizerFor(fitted: FittedPreprocessing, plane: Plane, op: PreprocessingOp & { op: 'resize' }): Resizer {
  const [rows, columns] = op.size;
  const key = `${plane.rows}×${plane.columns}→${rows}×${columns} ${op.interpolation} ${op.antialias}`;
  const known = fitted.resizers.get(key);
  if (known !== undefined) return known;
  const made = makeResizer(plane, { rows, columns }, op);
  fitted.resizers.set(key, made);
  return made;
}

function sliceAt(slices: SeriesSlices, index: number): SourceSlice {
  const slice = slices.at(index);
  if (slice === undefined) throw new RangeError(`slice ${index} of ${slices.length} is missing`);
  return slice;
}
