import type { SegmentationStage } from '@collimator/shared/contracts/release';
import { makeMaskBuilder } from '@collimator/shared/imaging/postprocess';
import type { SliceRef } from '../dataset/split.ts';
import type { MaskPair } from '../evaluate/evaluate-masks.ts';
import type { SampleSize } from './augment.ts';
import type { Predict } from './engine.ts';
import { inputsOf, type PreparedItem } from './prepare-samples.ts';

/** Slices of one item with their model inputs computed once. */
export type Block = {
  readonly prepared: PreparedItem;
  readonly indices: readonly number[];
  readonly inputs: Float32Array;
};

/** Groups slices by item; each group is a block that is postprocessed as a series of its own. */
export function blocksOf(
  items: readonly PreparedItem[],
  refs: readonly SliceRef[],
  size: SampleSize,
): readonly Block[] {
  return items.flatMap((prepared, item) => {
    const indices = refs.filter((ref) => ref.item === item).map((ref) => ref.index);
    return indices.length === 0 ? [] : [{ prepared, indices, inputs: inputsOf(prepared, indices, size) }];
  });
}

/** Predicts a block and makes its mask at the source's resolution by the release's own postprocessing. */
export function predictBlock(block: Block, predict: Predict, stage: SegmentationStage, size: SampleSize): MaskPair {
  const { image, label } = block.prepared.item;
  const logits = predict(block.inputs);
  const pixels = size.rows * size.columns;
  const source = { slices: block.indices.length, rows: image.rows, columns: image.columns };
  const builder = makeMaskBuilder(stage.postprocessing, source);
  const truth = new Uint8Array(source.slices * source.rows * source.columns);
  const area = source.rows * source.columns;
  for (const [i, index] of block.indices.entries()) {
    builder.add(i, { ...size, values: logits.subarray(i * pixels, (i + 1) * pixels) });
    truth.set(label.subarray(index * area, (index + 1) * area), i * area);
  }
  return { predicted: builder.finish(), truth, slices: source.slices };
}
