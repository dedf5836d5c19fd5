import type { Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type FittedPreprocessing, fitPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import { makeResizer } from '@collimator/shared/imaging/resize';
import type { SeriesSlices } from '@collimator/shared/imaging/slice';
import { sliceOf } from '../dataset/axial-volume.ts';
import type { Dataset, DatasetItem } from '../dataset/load-dataset.ts';
import type { SliceRef } from '../dataset/split.ts';
import type { Sample, SampleSize } from './augment.ts';

/** A dataset item as a series, its preprocessing fitted to all of its slices, as the appliance does with a series. */
export type PreparedItem = { readonly item: DatasetItem; readonly fitted: FittedPreprocessing };

export const seriesOf = (item: DatasetItem): SeriesSlices => ({
  length: item.image.slices,
  at: (index) => sliceOf(item.image, index),
});

export const prepareItems = (dataset: Dataset, stage: Stage): readonly PreparedItem[] =>
  dataset.items.map((item) => ({ item, fitted: fitPreprocessing(seriesOf(item), stage.preprocessing) }));

/** Rows and columns of the stage's one input, which must be NHWC with one channel. */
export function inputSize(stage: Stage): SampleSize {
  const shape = stage.inputs[0]?.shape ?? [];
  const [batch, rows, columns, channels] = shape;
  if (stage.inputs.length !== 1 || stage.inputs[0]?.layout !== 'NHWC' || batch !== 'batch' || channels !== 1)
    throw new CodedError('training-spec-unsupported', 'the stage must have one input [batch, rows, columns, 1], NHWC');
  if (typeof rows !== 'number' || typeof columns !== 'number')
    throw new CodedError('training-spec-unsupported', 'the input must have fixed rows and columns');
  return { rows, columns };
}

/** The model's inputs for some slices of one item, [n, rows, columns, 1]. */
export function inputsOf(prepared: PreparedItem, indices: readonly number[], size: SampleSize): Float32Array {
  const pixels = size.rows * size.columns;
  const out = new Float32Array(indices.length * pixels);
  for (const [i, index] of indices.entries()) {
    const plane = preprocessSlice(sliceOf(prepared.item.image, index), prepared.fitted);
    if (plane.rows !== size.rows || plane.columns !== size.columns)
      throw new CodedError(
        'imaging-ops-invalid',
        `preprocessing gives ${plane.rows}×${plane.columns}, the input is ${size.rows}×${size.columns}`,
      );
    out.set(plane.values, i * pixels);
  }
  return out;
}

/** Inputs with targets at the model's resolution: the label's area in each pixel, so borders are fractions. */
export function samplesOf(
  items: readonly PreparedItem[],
  refs: readonly SliceRef[],
  size: SampleSize,
): readonly Sample[] {
  return refs.map((ref) => {
    const prepared = items[ref.item] as PreparedItem;
    const { image, label } = prepared.item;
    const pixels = image.rows * image.columns;
    const shrink = makeResizer(image, size, { interpolation: 'bilinear', antialias: true });
    const mask = Float32Array.from(label.subarray(ref.index * pixels, (ref.index + 1) * pixels));
    return {
      image: inputsOf(prepared, [ref.index], size),
      target: shrink({ values: mask, rows: image.rows, columns: image.columns }).values,
    };
  });
}
