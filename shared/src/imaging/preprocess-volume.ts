import type { PreprocessingOp } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';
import { applyChannelOp } from './channels.ts';
import { opsProblem, requireOps } from './check-ops.ts';
import { orientationTo } from './orient.ts';
import type { Visit } from './order-statistics.ts';
import { laid, padOrCrop } from './pad-crop.ts';
import { type OpState, pointwiseOf } from './pointwise.ts';
import { fitPreprocessing, preprocessSlice } from './preprocess.ts';
import { alongColumns, alongRows } from './resize.ts';
import type { SourceSlice } from './slice.ts';
import { momentsOf, percentileRange } from './statistics.ts';
import { filterTaps, halfToEven, nearestTaps, placeTaps, type Taps } from './taps.ts';
import { type AxisMap, identityMaps, type Triple, triple, type VolumeGrid, voxelsOf, within } from './volume-grid.ts';

/** What a volume's preprocessing must know of where its voxels lie. */
export type VolumeFrame = {
  /** Slices, rows, columns. */
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  /** Where the slices, the rows and the columns follow each other, in the patient's coordinates (left, back, head). */
  readonly directions: Triple<Triple>;
};

/** A volume's shape and place after the ops, which do not depend on its values. */
export type VolumePlan = Pick<VolumeGrid, 'shape' | 'channels' | 'maps'>;

type Layout = {
  /** Of each axis as it is asked for: which axis of the memory it is, and whether it runs the other way. */
  readonly order: Triple<0 | 1 | 2>;
  readonly flipped: Triple<boolean>;
};
const asStored: Layout = { order: [0, 1, 2], flipped: [false, false, false] };

/**
 * The shape that a volume has after preprocessing, and where its voxels then lie in the source.
 *
 * @throws CodedError `imaging-ops-invalid`, `series-too-large`
 */
export function planVolume(ops: readonly PreprocessingOp[], frame: VolumeFrame): VolumePlan {
  requireOps(ops, 'volume');
  let plan: VolumePlan = { shape: frame.shape, channels: 1, maps: identityMaps };
  for (const op of ops) plan = bounded(planOp(op, plan, frame));
  return bounded(plan);
}

/** Values of a volume at most, at any time: 4 GiB. How large it gets depends on the spacing that the images claim. */
export const VOLUME_VALUES_MAX = 2 ** 30;

function bounded(plan: VolumePlan): VolumePlan {
  const { shape, channels } = plan;
  if (voxelsOf(shape) * channels <= VOLUME_VALUES_MAX) return plan;
  throw new CodedError('series-too-large', `preprocessing makes ${shape.join('×')} of it, ${channels} channels`);
}

function planOp(op: PreprocessingOp, plan: VolumePlan, frame: VolumeFrame): VolumePlan {
  const { shape, maps, channels } = plan;
  switch (op.op) {
    case 'orient': {
      const to = orientationTo(
        op.axes,
        triple((axis) => turned(frame.directions[maps[axis].source], maps[axis].scale)),
      );
      return {
        channels,
        shape: triple((axis) => shape[to[axis].axis]),
        maps: triple((axis) => {
          const { axis: old, flipped } = to[axis];
          return flipped ? within(maps[old], { scale: -1, offset: shape[old] - 1 }) : maps[old];
        }),
      };
    }
    case 'resample': {
      const ratio = triple((axis) => op.spacing_mm[axis] / spacingOf(maps[axis], frame));
      return {
        channels,
        shape: triple((axis) => halfToEven((shape[axis] - 1) / ratio[axis] + 1)),
        maps: triple((axis) => within(maps[axis], { scale: ratio[axis], offset: 0 })),
      };
    }
    case 'resize': {
      const size = op.size as Triple;
      return {
        channels,
        shape: size,
        maps: triple((axis) => {
          const ratio = shape[axis] / size[axis];
          return within(maps[axis], { scale: ratio, offset: 0.5 * ratio - 0.5 });
        }),
      };
    }
    case 'pad-or-crop': {
      const size = op.size as Triple;
      return {
        channels,
        shape: size,
        maps: triple((axis) => {
          const { source, target } = laid(shape[axis], size[axis]);
          return within(maps[axis], { scale: 1, offset: source - target });
        }),
      };
    }
    case 'window-channels':
      return { ...plan, channels: op.windows.length };
    case 'repeat-channels':
      return { ...plan, channels: op.times };
    case 'modality-lut':
    case 'clip-percentiles':
    case 'clip':
    case 'window':
    case 'scale':
    case 'z-score':
    case 'normalize':
      return plan;
  }
}

const turned = (direction: Triple, scale: number): Triple =>
  scale < 0 ? [-direction[0], -direction[1], -direction[2]] : direction;
const spacingOf = (map: AxisMap, { spacing_mm }: VolumeFrame): number => spacing_mm[map.source] * Math.abs(map.scale);

/**
 * What of a volume's ops is done to each slice as it is decoded: `modality-lut`, where it is declared. Padding takes the
 * lowest real value of its slice.
 */
export const sliceOpsOf = (ops: readonly PreprocessingOp[]): readonly PreprocessingOp[] =>
  ops.slice(0, ops[0]?.op === 'modality-lut' ? 1 : 0);

/** The slices of a volume, as `preprocessVolume` takes them. */
export function volumeOf(slices: readonly SourceSlice[], ops: readonly PreprocessingOp[]): Float32Array {
  const fitted = fitPreprocessing([], sliceOpsOf(ops));
  const size = (slices[0]?.rows ?? 0) * (slices[0]?.columns ?? 0);
  const values = new Float32Array(slices.length * size);
  for (const [s, slice] of slices.entries()) values.set(preprocessSlice(slice, fitted).values, s * size);
  return values;
}

/**
 * The model's input for a whole volume.
 *
 * @param values what `volumeOf` gives; may be changed
 * @throws CodedError `imaging-ops-invalid`
 */
export function preprocessVolume(
  values: Float32Array,
  ops: readonly PreprocessingOp[],
  frame: VolumeFrame,
): VolumeGrid {
  if (values.length !== voxelsOf(frame.shape)) throw new RangeError('the shape does not hold the values');
  let plan: VolumePlan = { shape: frame.shape, channels: 1, maps: identityMaps };
  let layout = asStored;
  let grid = values;
  let clip: readonly [number, number] = [0, 0];
  for (const [i, op] of ops.entries()) {
    const next = planOp(op, plan, frame);
    switch (op.op) {
      case 'modality-lut':
        break;
      case 'orient':
        layout = orientedLayout(layout, plan, op.axes, frame);
        break;
      case 'resample': {
        const ratio = triple((axis) => op.spacing_mm[axis] / spacingOf(plan.maps[axis], frame));
        grid = resampled(grid, plan.shape, next.shape, layout, ratio, op.interpolation);
        layout = { ...layout, flipped: [false, false, false] };
        break;
      }
      case 'resize':
        grid = resizedVolume(arranged(grid, plan.shape, layout), plan.shape, op);
        layout = asStored;
        break;
      case 'pad-or-crop':
        grid = padOrCrop(arranged(grid, plan.shape, layout), plan.shape, next.shape, op.value);
        layout = asStored;
        break;
      case 'window-channels':
      case 'repeat-channels':
      case 'normalize':
        grid = applyChannelOp({ values: arranged(grid, plan.shape, layout), channels: plan.channels }, op).values;
        layout = asStored;
        break;
      case 'clip-percentiles':
      case 'clip':
      case 'window':
      case 'scale':
      case 'z-score': {
        const pointwise = pointwiseOf(op, stateOf(op, grid), clip, {});
        if (pointwise === undefined) throw opsProblem(`preprocessing[${i}]: ${op.op} cannot be applied to a volume`);
        for (let v = 0; v < grid.length; v++) grid[v] = pointwise.f(grid[v] as number);
        clip = pointwise.clip ?? clip;
      }
    }
    plan = next;
  }
  return { ...plan, values: arranged(grid, plan.shape, layout) };
}

function stateOf(op: PreprocessingOp, values: Float32Array): OpState {
  const own: Visit = (take) => take(values);
  if (op.op === 'clip-percentiles') return percentileRange(own, op.low, op.high);
  if (op.op === 'z-score') return momentsOf(own, op.nonzero);
  return { kind: 'none' };
}

function orientedLayout({ order, flipped }: Layout, plan: VolumePlan, axes: string, frame: VolumeFrame): Layout {
  const to = orientationTo(
    axes,
    triple((axis) => turned(frame.directions[plan.maps[axis].source], plan.maps[axis].scale)),
  );
  return {
    order: triple((axis) => order[to[axis].axis]),
    flipped: triple((axis) => flipped[to[axis].axis] !== to[axis].flipped),
  };
}

/** Shape in the order of the memory. */
function inMemory<T>(of: Triple<T>, { order }: Layout): Triple<T> {
  return triple((memory) => of[order.indexOf(memory) as 0 | 1 | 2]);
}

function resampled(
  values: Float32Array,
  shape: Triple,
  to: Triple,
  layout: Layout,
  ratio: Triple,
  interpolation: 'linear' | 'nearest',
): Float32Array {
  const taps = triple((axis) => {
    const last = shape[axis] - 1;
    const places = Float64Array.from({ length: to[axis] }, (_, i) => i * ratio[axis]);
    // Beyond the last voxel there is the last one, before it is turned over as after.
    const limited = places.map((place) => Math.min(last, interpolation === 'nearest' ? halfToEven(place) : place));
    return placeTaps(shape[axis], layout.flipped[axis] ? limited.map((place) => last - place) : limited, interpolation);
  });
  return filterVolume(values, inMemory(shape, layout), inMemory(taps, layout));
}

function resizedVolume(values: Float32Array, shape: Triple, op: PreprocessingOp & { op: 'resize' }): Float32Array {
  const size = op.size as Triple;
  const taps = triple((axis) => {
    if (op.interpolation === 'nearest') return nearestTaps(shape[axis], size[axis]);
    return filterTaps(shape[axis], size[axis], op.antialias ? Math.max(1, shape[axis] / size[axis]) : 1);
  });
  return filterVolume(values, shape, taps);
}

/** Filters along the last axis first: float64 sums rounded to float32 after each axis. */
export function filterVolume(values: Float32Array, shape: Triple, taps: Triple<Taps>): Float32Array {
  const [slices, rows, columns] = shape;
  const [toSlices, toRows, toColumns] = triple((axis) => taps[axis].outputs);
  // Slice by slice, so that what lies between the passes stays small.
  const planes = new Float32Array(slices * toRows * toColumns);
  const wide = new Float32Array(rows * toColumns);
  for (let s = 0; s < slices; s++) {
    alongColumns({ values, at: s * rows * columns }, wide, 0, rows, columns, taps[2]);
    planes.set(alongRows(wide, toColumns, taps[1]), s * toRows * toColumns);
  }
  const out = alongRows(planes, toRows * toColumns, taps[0]);
  if (out.length !== toSlices * toRows * toColumns) throw new RangeError('the filters do not fit the volume');
  return out;
}

/** The volume with its axes in the order that is asked for. */
function arranged(values: Float32Array, shape: Triple, layout: Layout): Float32Array {
  const { order, flipped } = layout;
  if (order.every((memory, axis) => memory === axis) && flipped.every((flip) => !flip)) return values;
  const memory = inMemory(shape, layout);
  const steps: Triple = [memory[1] * memory[2], memory[2], 1];
  const step = triple((axis) => (flipped[axis] ? -1 : 1) * steps[order[axis]]);
  const start = triple((axis) => (flipped[axis] ? (shape[axis] - 1) * steps[order[axis]] : 0));
  const out = new Float32Array(values.length);
  let o = 0;
  for (let a = 0; a < shape[0]; a++)
    for (let b = 0; b < shape[1]; b++) {
      let at = start[0] + start[1] + start[2] + a * step[0] + b * step[1];
      for (let c = 0; c < shape[2]; c++, at += step[2]) out[o++] = values[at] as number;
    }
  return out;
}
