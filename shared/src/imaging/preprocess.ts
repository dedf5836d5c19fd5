import type { PreprocessingOp } from '../contracts/release.ts';
import { applyChannelOp } from './channels.ts';
import { opsProblem, requireOps } from './check-ops.ts';
import type { Visit } from './order-statistics.ts';
import { padOrCrop } from './pad-crop.ts';
import { fillPadding, lowestOf, markPadding } from './padding.ts';
import { type OpState, pointwiseOf } from './pointwise.ts';
import { makeResizer, type Resizer } from './resize.ts';
import { type MakeValues, newValues, type Plane, type SeriesSlices, type SourceSlice } from './slice.ts';
import { momentsOf, percentileRange } from './statistics.ts';
import { tableOf } from './stored-value-ops.ts';
import type { ValueTable } from './value-table.ts';

/** The preprocessing of one stage, fitted to one series; slices can be taken in any order and any number of times. */
export type FittedPreprocessing = {
  readonly ops: readonly PreprocessingOp[];
  readonly states: readonly OpState[];
  readonly resizers: Map<string, Resizer>;
  /** What the first ops make of each stored value, where that is all that they ask for. */
  readonly tables?: Map<string, ValueTable>;
  /** Where the values of a slice lie on their way; memory of their own when absent. */
  readonly make?: MakeValues;
};

export type PreprocessedSeries = {
  /** [slices, rows, columns] of each channel in NCHW; with one channel that is NHWC too. */
  readonly data: Float32Array;
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly channels: number;
  readonly fitted: FittedPreprocessing;
};

/**
 * Reads from the series what its `series`-scope ops need (percentiles, moments), passing over the slices two times per
 * such op and holding one slice at a time.
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied
 */
export function fitPreprocessing(slices: SeriesSlices, ops: readonly PreprocessingOp[]): FittedPreprocessing {
  requireOps(ops, 'slice');
  const states: OpState[] = [];
  const fitted: FittedPreprocessing = { ops, states, resizers: new Map(), tables: new Map() };
  for (const [index, op] of ops.entries()) {
    const visit: Visit = (take) => {
      for (let i = 0; i < slices.length; i++) take(run(fitted, sliceAt(slices, i), index).values);
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
  run(fitted, slice, fitted.ops.length);

/**
 * The model's input for a whole series; use `fitPreprocessing` and `preprocessSlice` where only a batch fits in memory.
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied, or slices that end in unequal sizes
 */
export function preprocessSeries(slices: SeriesSlices, ops: readonly PreprocessingOp[]): PreprocessedSeries {
  const fitted = fitPreprocessing(slices, ops);
  let data: Float32Array | undefined;
  let size = { rows: 0, columns: 0, channels: 1 };
  for (let i = 0; i < slices.length; i++) {
    const plane = preprocessSlice(sliceAt(slices, i), fitted);
    if (data === undefined) {
      size = { rows: plane.rows, columns: plane.columns, channels: plane.channels ?? 1 };
      data = new Float32Array(slices.length * plane.values.length);
    }
    if (plane.rows !== size.rows || plane.columns !== size.columns)
      throw opsProblem(`slice ${i} is ${plane.rows}×${plane.columns}, the first is ${size.rows}×${size.columns}`);
    data.set(plane.values, i * plane.values.length);
  }
  return { data: data ?? new Float32Array(0), slices: slices.length, ...size, fitted };
}

function seriesState(op: PreprocessingOp, visit: Visit): OpState {
  if (op.op === 'clip-percentiles' && op.scope === 'series') return percentileRange(visit, op.low, op.high);
  if (op.op === 'z-score' && op.scope === 'series') return momentsOf(visit, op.nonzero);
  return { kind: 'none' };
}

/** Applies the first `until` ops to a slice. */
function run(fitted: FittedPreprocessing, slice: SourceSlice, until: number): Plane {
  const { rows, columns, pixels } = slice;
  if (pixels.length !== rows * columns) throw opsProblem('a slice has not rows × columns pixels');
  const { ops, states, make = newValues } = fitted;
  const table = tableOf(slice, fitted, until);
  let plane: Plane;
  let [at, padded] = [table?.ops ?? 0, false];
  if (table === undefined) {
    plane = { values: make(pixels.length), rows, columns };
    plane.values.set(pixels);
    // NaN from here to where they are filled: statistics leave it out, and no op makes a number of it.
    padded = slice.padding !== undefined && markPadding(plane.values, slice.padding);
  } else {
    const next = at < until ? ops[at] : undefined;
    if (next?.op === 'resize') at += 1;
    const size =
      next?.op === 'resize' ? next : { size: [rows, columns], interpolation: 'nearest' as const, antialias: false };
    plane = resizerFor(fitted, slice, size).looked(pixels, table.table, make);
  }
  let clip = table?.clip ?? ([0, 0] as const);
  const fill = (value?: number): void => {
    if (padded) fillPadding(plane.values, value ?? lowestOf(plane.values));
    padded = false;
  };
  for (let i = at; i < until; i++) {
    const op = ops[i] as PreprocessingOp;
    const state = stateOf(op, states[i] as OpState, plane);
    const pointwise = pointwiseOf(op, state, clip, slice);
    if (pointwise !== undefined) {
      if (pointwise.fills !== undefined || op.op === 'z-score') fill(pointwise.fills);
      map(plane.values, pointwise.f);
      clip = pointwise.clip ?? clip;
      continue;
    }
    fill();
    plane = onPlane(op, plane, fitted);
  }
  // The statistics of an op that is not reached yet are asked for with the padding still marked.
  if (until === ops.length) fill();
  return plane;
}

/** What an op finds out of the slice itself, where it is not of the series. */
function stateOf(op: PreprocessingOp, state: OpState, plane: Plane): OpState {
  const own: Visit = (take) => take(plane.values);
  if (op.op === 'clip-percentiles' && op.scope === 'slice') return percentileRange(own, op.low, op.high);
  if (op.op === 'z-score' && op.scope === 'slice') return momentsOf(own, op.nonzero);
  return state;
}

/** The ops that look at more than a value. */
function onPlane(op: PreprocessingOp, plane: Plane, fitted: FittedPreprocessing): Plane {
  switch (op.op) {
    case 'resize':
      return resizerFor(fitted, plane, op)(plane, fitted.make);
    case 'pad-or-crop': {
      const [rows, columns] = op.size;
      const values = padOrCrop(plane.values, [1, plane.rows, plane.columns], [1, rows, columns], op.value);
      return { values, rows, columns };
    }
    case 'window-channels':
    case 'repeat-channels':
    case 'normalize': {
      const { rows, columns, values, channels = 1 } = plane;
      return { rows, columns, ...applyChannelOp({ values, channels }, op) };
    }
    case 'orient':
    case 'resample':
    case 'modality-lut':
    case 'clip-percentiles':
    case 'clip':
    case 'window':
    case 'scale':
    case 'z-score':
      throw opsProblem(`${op.op} cannot be applied to a slice`);
  }
}

/** In place: the plane is this slice's own copy. */
function map(values: Float32Array, f: (value: number) => number): void {
  for (let i = 0; i < values.length; i++) values[i] = f(values[i] as number);
}

function resizerFor(
  fitted: FittedPreprocessing,
  plane: { readonly rows: number; readonly columns: number },
  op: Pick<PreprocessingOp & { op: 'resize' }, 'interpolation' | 'antialias'> & { readonly size: readonly number[] },
): Resizer {
  const [rows, columns] = op.size as readonly [number, number];
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
