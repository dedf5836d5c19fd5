import { CodedError } from '../errors/coded-error.ts';
import { type Triple, triple, voxelsOf } from './volume-grid.ts';

/** How a volume is cut into windows of one size. */
export type Tiling = {
  readonly window: Triple;
  /** Of the volume with what it is filled up with where it is smaller than a window. */
  readonly shape: Triple;
  /** How much of that lies before the volume. */
  readonly before: Triple;
  readonly starts: readonly Triple[];
};

/** Windows of one volume at most. */
export const WINDOWS_MAX = 100_000;

/**
 * Windows that lie evenly, the last one of each axis moved back into the volume; as MONAI's sliding_window_inference
 * lays them, first axis slowest.
 *
 * @param overlap share of a window
 * @throws CodedError `series-too-large`
 */
export function tilingOf(volume: Triple, window: Triple, overlap: number): Tiling {
  const shape = triple((axis) => Math.max(volume[axis], window[axis]));
  const starts = triple((axis) => startsOf(shape[axis], window[axis], overlap));
  if (starts[0].length * starts[1].length * starts[2].length > WINDOWS_MAX)
    throw new CodedError('series-too-large', `more than ${WINDOWS_MAX} windows`);
  return {
    window,
    shape,
    before: triple((axis) => Math.floor((shape[axis] - volume[axis]) / 2)),
    starts: starts[0].flatMap((a) => starts[1].flatMap((b) => starts[2].map((c): Triple => [a, b, c]))),
  };
}

function startsOf(size: number, window: number, overlap: number): readonly number[] {
  if (size === window) return [0];
  const step = Math.max(1, Math.floor(window * (1 - overlap)));
  const starts: number[] = [];
  for (let at = 0; ; at += step) {
    starts.push(Math.min(at, size - window));
    if (at + window >= size) return starts;
  }
}

/** Weights below this are raised to it, so that no voxel is without one. */
const WEIGHT_MIN = 1e-3;

/** How much each voxel of a window counts. */
export function windowWeights(window: Triple, weighting: 'constant' | 'gaussian', sigmaShare: number): Float32Array {
  const weights = new Float32Array(voxelsOf(window)).fill(1);
  if (weighting === 'constant') return weights;
  const lines = triple((axis) => {
    const sigma = window[axis] * sigmaShare;
    return Float32Array.from({ length: window[axis] }, (_, i) => {
      const off = i - (window[axis] - 1) / 2;
      return Math.exp((off * off) / (-2 * sigma * sigma));
    });
  });
  let at = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const a of lines[0])
    for (const b of lines[1])
      for (const c of lines[2]) {
        const weight = Math.fround(a * b) * c;
        weights[at++] = weight;
        least = Math.min(least, weight);
      }
  const floor = Math.max(least, WEIGHT_MIN);
  for (let i = 0; i < weights.length; i++) if ((weights[i] as number) < floor) weights[i] = floor;
  return weights;
}

/** The values of one window, channel after channel; 0 where it reaches beyond the volume. */
export function windowAt(
  volume: { readonly values: Float32Array; readonly shape: Triple; readonly channels: number },
  { window, before }: Tiling,
  start: Triple,
): Float32Array {
  const out = new Float32Array(volume.channels * voxelsOf(window));
  const { shape } = volume;
  eachLine(shape, window, before, start, (line, source, skipped, count) => {
    for (let channel = 0; channel < volume.channels; channel++) {
      const from = channel * voxelsOf(shape) + source;
      out.set(volume.values.subarray(from, from + count), channel * voxelsOf(window) + line + skipped);
    }
  });
  return out;
}

/** Calls back for each line of a window that crosses the volume, with where it begins in both and how long it is. */
function eachLine(
  shape: Triple,
  window: Triple,
  before: Triple,
  start: Triple,
  take: (line: number, source: number, skipped: number, count: number) => void,
): void {
  const first = triple((axis) => start[axis] - before[axis]);
  const skipped = Math.max(0, -first[2]);
  const count = Math.min(window[2], shape[2] - first[2]) - skipped;
  if (count <= 0) return;
  for (let a = Math.max(0, -first[0]); a < window[0] && first[0] + a < shape[0]; a++)
    for (let b = Math.max(0, -first[1]); b < window[1] && first[1] + b < shape[1]; b++) {
      const line = (a * window[1] + b) * window[2];
      take(line, ((first[0] + a) * shape[1] + first[1] + b) * shape[2] + first[2] + skipped, skipped, count);
    }
}

/** Puts windows together to one volume, weighted where they overlap. */
export type Stitcher = {
  /** In the order of the tiling: sums of floats depend on it. */
  add(index: number, values: Float32Array): void;
  /** [channels, volume's shape] */
  finish(): Float32Array;
};

export function makeStitcher(volume: Triple, tiling: Tiling, channels: number, weights: Float32Array): Stitcher {
  const size = voxelsOf(volume);
  const windowSize = voxelsOf(tiling.window);
  const sums = new Float32Array(channels * size);
  const counts = new Float32Array(size);
  let next = 0;
  return {
    add(index, values) {
      if (index !== next++) throw new RangeError(`window ${index} is out of order`);
      eachLine(volume, tiling.window, tiling.before, tiling.starts[index] as Triple, (line, source, skipped, count) => {
        for (let i = 0; i < count; i++) {
          const weight = weights[line + skipped + i] as number;
          counts[source + i] = (counts[source + i] as number) + weight;
          for (let channel = 0; channel < channels; channel++) {
            const at = channel * size + source + i;
            sums[at] = (sums[at] as number) + (values[channel * windowSize + line + skipped + i] as number) * weight;
          }
        }
      });
    },
    finish() {
      if (next !== tiling.starts.length) throw new RangeError('a window is missing');
      for (let channel = 0; channel < channels; channel++)
        for (let i = 0; i < size; i++)
          sums[channel * size + i] = (sums[channel * size + i] as number) / (counts[i] as number);
      return sums;
    },
  };
}
