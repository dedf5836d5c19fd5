import type { PostprocessingOp } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';
import { keepLargestComponent } from './largest-component.ts';
import { makeResizer, type Resizer } from './resize.ts';
import type { Plane } from './slice.ts';

/** Size of the slices a mask is for. */
export type SourceSize = { readonly slices: number; readonly rows: number; readonly columns: number };

/** Collects a mask slice by slice; only the mask itself (1 byte a voxel) is held for the whole series. */
export type MaskBuilder = {
  /** Adds the model's output for slice `index`; each slice once, in any order. */
  add(index: number, output: Plane): void;
  /** Applies the ops that need the whole mask and returns it; [slices, rows, columns], 0 or 1. */
  finish(): Uint8Array;
};

const problem = (what: string): CodedError => new CodedError('imaging-ops-invalid', what);

/**
 * Makes a mask from the raw outputs of a one-channel segmentation model.
 * Ops up to and including `threshold` run on each slice as it is added, those after it on the finished mask.
 * @param onScores is given what `threshold` cuts, slice by slice
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied
 */
export function makeMaskBuilder(
  ops: readonly PostprocessingOp[],
  size: SourceSize,
  onScores?: (index: number, scores: Plane) => void,
): MaskBuilder {
  const split = checkOps(ops);
  const mask = new Uint8Array(size.slices * size.rows * size.columns);
  const added = new Uint8Array(size.slices);
  const resizers = new Map<string, Resizer>();
  const toSource = (plane: Plane, interpolation: 'bilinear' | 'nearest'): Plane => {
    const key = `${plane.rows}×${plane.columns} ${interpolation}`;
    const resizer = resizers.get(key) ?? makeResizer(plane, size, { interpolation, antialias: false });
    resizers.set(key, resizer);
    return resizer(plane);
  };
  return {
    add(index, output) {
      if (index < 0 || index >= size.slices || added[index] !== 0) throw new RangeError(`slice ${index} added twice`);
      added[index] = 1;
      let plane = output;
      for (const op of ops.slice(0, split)) plane = onSlice(op, plane, toSource);
      onScores?.(index, plane);
      plane = onSlice(ops[split] as PostprocessingOp, plane, toSource);
      if (plane.rows !== size.rows || plane.columns !== size.columns)
        throw problem(`the mask is ${plane.rows}×${plane.columns}, the source ${size.rows}×${size.columns}`);
      const base = index * size.rows * size.columns;
      for (let i = 0; i < plane.values.length; i++) mask[base + i] = plane.values[i] as number;
    },
    finish() {
      if (added.some((once) => once === 0)) throw new RangeError('a slice was never added');
      for (const op of ops.slice(split + 1))
        if (op.op === 'largest-component') keepLargestComponent(mask, size, op.connectivity);
      return mask;
    },
  };
}

/**
 * The mask of a whole series from its outputs.
 * @param logits NHWC with one channel: [slices, output.rows, output.columns, 1]
 */
export function postprocessSeries(
  logits: Float32Array,
  output: { readonly rows: number; readonly columns: number },
  ops: readonly PostprocessingOp[],
  source: SourceSize,
): Uint8Array {
  const pixels = output.rows * output.columns;
  if (logits.length !== source.slices * pixels) throw new RangeError('the outputs do not match the slices');
  const builder = makeMaskBuilder(ops, source);
  for (let i = 0; i < source.slices; i++)
    builder.add(i, { ...output, values: logits.subarray(i * pixels, (i + 1) * pixels) });
  return builder.finish();
}

/** The index of `threshold`, which every list must have once. */
function checkOps(ops: readonly PostprocessingOp[]): number {
  const at = ops.findIndex((op) => op.op === 'threshold');
  if (at < 0) throw problem('postprocessing: a mask needs a threshold');
  for (const [i, op] of ops.entries()) {
    if (i > at && op.op !== 'largest-component')
      throw problem(`postprocessing[${i}]: ${op.op} must come before threshold`);
    if (i < at && op.op === 'largest-component')
      throw problem(`postprocessing[${i}]: largest-component must come after threshold`);
  }
  return at;
}

function onSlice(
  op: PostprocessingOp,
  plane: Plane,
  toSource: (plane: Plane, interpolation: 'bilinear' | 'nearest') => Plane,
): Plane {
  switch (op.op) {
    case 'sigmoid':
      return mapped(plane, (value) => 1 / (1 + Math.exp(-value)));
    case 'resize-to-source':
      return toSource(plane, op.interpolation);
    case 'threshold':
      return mapped(plane, (value) => (value >= op.at ? 1 : 0));
    case 'largest-component':
      throw problem('postprocessing: largest-component must come after threshold');
  }
}

function mapped(plane: Plane, f: (value: number) => number): Plane {
  const values = new Float32Array(plane.values.length);
  for (let i = 0; i < values.length; i++) values[i] = f(plane.values[i] as number);
  return { ...plane, values };
}
