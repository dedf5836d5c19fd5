import type { PostprocessingOp } from '../contracts/release.ts';
import { argmax, sigmoid, softmax } from './activations.ts';
import { opsProblem } from './check-ops.ts';
import { isLinear, makeNearCut } from './near-mask.ts';
import { makeNearLogits } from './near-logits.ts';
import { makeResizer, type Resizer } from './resize.ts';
import type { Plane } from './slice.ts';
import { filterTaps } from './taps.ts';

/** What `threshold` or `argmax` cuts of a slice, and what comes of it, on the grid of the source. */
export type SliceMask = {
  readonly scores: Plane;
  /**
   * After `threshold`, for each channel 0 or 1; after `argmax`, one layer of channel numbers.
   */
  readonly mask: Uint8Array;
};

type BeforeOp = Extract<PostprocessingOp, { op: 'sigmoid' | 'softmax' | 'resize-to-source' }>;
type CutOp = Extract<PostprocessingOp, { op: 'threshold' | 'argmax' }>;
type AfterOp = Extract<PostprocessingOp, { op: 'largest-component' | 'min-volume' }>;
/** An op list parted at what makes masks of scores. */
export type SplitOps = {
  readonly before: readonly BeforeOp[];
  readonly cut: CutOp;
  readonly after: readonly AfterOp[];
};

const isAfter = (op: PostprocessingOp): op is AfterOp => op.op === 'largest-component' || op.op === 'min-volume';
const isCut = (op: PostprocessingOp): op is CutOp => op.op === 'threshold' || op.op === 'argmax';

/**
 * The list parted at `threshold` or `argmax`, of which every list must have one.
 *
 * @throws CodedError `imaging-ops-invalid`
 */
export function splitOps(ops: readonly PostprocessingOp[]): SplitOps {
  const at = ops.findIndex(isCut);
  const cut = ops[at];
  if (cut === undefined || !isCut(cut)) throw opsProblem('postprocessing: a mask needs a threshold or argmax');
  const before: BeforeOp[] = [];
  const after: AfterOp[] = [];
  for (const [i, op] of ops.entries()) {
    if (i === at) continue;
    if (isAfter(op)) {
      if (i < at) throw opsProblem(`postprocessing[${i}]: ${op.op} must come after ${cut.op}`);
      after.push(op);
    } else if (i > at || isCut(op)) throw opsProblem(`postprocessing[${i}]: ${op.op} must come before ${cut.op}`);
    else before.push(op);
  }
  return { before, cut, after };
}

/**
 * Makes the masks of a slice from the raw output of a model: the ops up to and including `threshold` or `argmax`.
 *
 * @returns a function that can be used for any number of slices; it throws `imaging-ops-invalid` where the mask is not
 *   of the size of the source
 */
export function makeSliceMasker(
  ops: readonly PostprocessingOp[],
  size: { readonly rows: number; readonly columns: number },
): (output: Plane) => SliceMask {
  const { before, cut } = splitOps(ops);
  const resizers = new Map<string, Resizer>();
  const toSource = (plane: Plane, interpolation: 'bilinear' | 'nearest'): Plane => {
    const key = `${plane.rows}×${plane.columns} ${interpolation}`;
    const resizer = resizers.get(key) ?? makeResizer(plane, size, { interpolation, antialias: false });
    resizers.set(key, resizer);
    return perChannel(plane, resizer);
  };
  return (output) => {
    let scores = output;
    for (const op of before)
      scores = op.op === 'resize-to-source' ? toSource(scores, op.interpolation) : activated(scores, op);
    if (scores.rows !== size.rows || scores.columns !== size.columns)
      throw opsProblem(`the mask is ${scores.rows}×${scores.columns}, the source ${size.rows}×${size.columns}`);
    return { scores, mask: cutScores(scores, cut) };
  };
}

type Size = { readonly rows: number; readonly columns: number };

/**
 * The same without the scores. Where a sigmoid is resized linearly and cut at a threshold, only what lies near it is
 * computed.
 *
 * @returns a function that puts the mask into the memory that it is given, where that is of the mask's length and it is
 *   computed so
 */
export function makeMaskOnly(
  ops: readonly PostprocessingOp[],
  size: Size,
): (output: Plane, into?: Uint8Array) => Uint8Array {
  const masker = makeSliceMasker(ops, size);
  const at = thresholdOfProbabilities(ops);
  if (at === undefined) return (output) => masker(output).mask;
  const cuts = new Map<string, NearCut | undefined>();
  return (output, into) => {
    const { rows, columns, channels = 1, values } = output;
    const key = `${rows}×${columns}`;
    if (!cuts.has(key)) cuts.set(key, nearCutOf(output, size, at));
    const cut = cuts.get(key);
    if (cut === undefined) return masker(output).mask;
    const [from, to] = [rows * columns, size.rows * size.columns];
    const mask = into?.length === channels * to ? into.fill(0) : new Uint8Array(channels * to);
    for (let channel = 0; channel < channels; channel++)
      cut(values.subarray(channel * from, (channel + 1) * from), mask.subarray(channel * to, (channel + 1) * to));
    return mask;
  };
}

/** Cuts one channel. */
type NearCut = (logits: Float32Array, mask: Uint8Array) => void;

function nearCutOf(from: Size, to: Size, at: number): NearCut | undefined {
  const [vertical, horizontal] = [filterTaps(from.rows, to.rows, 1), filterTaps(from.columns, to.columns, 1)];
  if (!isLinear(vertical) || !isLinear(horizontal)) return undefined;
  const [near, cut] = [makeNearLogits(from, at), makeNearCut(vertical, horizontal)];
  return (logits, mask) => cut(near(logits), at, mask);
}

/** Where the ops are sigmoid, linear resize and threshold, its value. */
export function thresholdOfProbabilities(ops: readonly PostprocessingOp[]): number | undefined {
  const { before, cut } = splitOps(ops);
  const [activation, resize, ...more] = before;
  if (activation?.op !== 'sigmoid' || resize?.op !== 'resize-to-source' || more.length > 0) return undefined;
  return resize.interpolation === 'bilinear' && cut.op === 'threshold' ? cut.at : undefined;
}

export const activated = (plane: Plane, { op }: { readonly op: 'sigmoid' | 'softmax' }): Plane => ({
  ...plane,
  values: op === 'sigmoid' ? sigmoid(plane.values) : softmax(plane.values, plane.channels ?? 1),
});

export function cutScores({ values, channels = 1 }: Plane, cut: CutOp): Uint8Array {
  if (cut.op === 'argmax') return argmax(values, channels);
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i++) mask[i] = (values[i] as number) >= cut.at ? 1 : 0;
  return mask;
}

function perChannel(plane: Plane, resizer: Resizer): Plane {
  const { channels = 1, rows, columns, values } = plane;
  if (channels === 1) return resizer(plane);
  const parts = Array.from({ length: channels }, (_, channel) =>
    resizer({ rows, columns, values: values.subarray(channel * rows * columns, (channel + 1) * rows * columns) }),
  );
  const [first] = parts as [Plane];
  const out = new Float32Array(channels * first.values.length);
  for (const [channel, part] of parts.entries()) out.set(part.values, channel * first.values.length);
  return { rows: first.rows, columns: first.columns, values: out, channels };
}

/**
 * What a cut plane says as probabilities, one layer for each segment: of a threshold's channels those themselves, of
 * argmax's all but the first.
 */
export function probabilitiesOf(scores: Plane, ops: readonly PostprocessingOp[]): Float32Array {
  const { before, cut } = splitOps(ops);
  const known = before.some(({ op }) => op === 'sigmoid' || op === 'softmax');
  if (cut.op === 'threshold') return known ? scores.values : sigmoid(scores.values);
  const { channels = 1 } = scores;
  const all = known ? scores.values : softmax(scores.values, channels);
  return all.slice(all.length / channels);
}
