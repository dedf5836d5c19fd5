import type { PostprocessingOp } from '../contracts/release.ts';
import { keepLargestComponent, removeSmallComponents } from './components.ts';
import type { Plane } from './slice.ts';
import { makeMaskOnly, splitOps } from './slice-mask.ts';

/** Size of the slices a mask is for. */
export type SourceSize = { readonly slices: number; readonly rows: number; readonly columns: number };

/** Collects a mask slice by slice; only the mask itself (1 byte a voxel) is held for the whole series. */
export type MaskBuilder = {
  /** Adds the model's output for slice `index`; each slice once, in any order. */
  add(index: number, output: Plane): void;
  /** Applies the ops that need the whole mask and returns it; [slices, rows, columns], 0 or 1. */
  finish(): Uint8Array;
};

/**
 * Makes a mask from the raw outputs of a one-channel segmentation model.
 * Ops up to and including `threshold` run on each slice as it is added, those after it on the finished mask.
 * @param voxel_mm3 what `min-volume` counts with
 * @throws CodedError `imaging-ops-invalid` for an op list that cannot be applied
 */
export function makeMaskBuilder(ops: readonly PostprocessingOp[], size: SourceSize, voxel_mm3 = 1): MaskBuilder {
  const masked = makeMaskOnly(ops, size);
  const mask = new Uint8Array(size.slices * size.rows * size.columns);
  const added = new Uint8Array(size.slices);
  return {
    add(index, output) {
      if (index < 0 || index >= size.slices || added[index] !== 0) throw new RangeError(`slice ${index} added twice`);
      added[index] = 1;
      mask.set(masked(output), index * size.rows * size.columns);
    },
    finish() {
      if (added.some((once) => once === 0)) throw new RangeError('a slice was never added');
      finishMask(mask, ops, size, voxel_mm3);
      return mask;
    },
  };
}

/** Applies the ops after the cut to the mask of one segment of all slices, in place. */
export function finishMask(
  mask: Uint8Array,
  ops: readonly PostprocessingOp[],
  size: SourceSize,
  voxel_mm3: number,
): void {
  for (const op of splitOps(ops).after)
    if (op.op === 'largest-component') keepLargestComponent(mask, size, op.connectivity);
    else removeSmallComponents(mask, size, op.connectivity, (op.volume_mL * 1000) / voxel_mm3);
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
