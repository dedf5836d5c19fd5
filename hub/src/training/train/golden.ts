import type { Stage } from '@collimator/shared/contracts/release';
import { encodeNpy } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { sliceOf } from '../dataset/axial-volume.ts';
import type { DatasetItem } from '../dataset/load-dataset.ts';
import type { Predict } from './engine.ts';

/** Slices of a golden case: a mini series, small enough to travel with every release. */
export const goldenSlices = 3;

/** Files of a release: path and bytes. */
export type OutputFile = { readonly path: string; readonly bytes: Uint8Array };

/**
 * Golden cases: short series of source pixels with the logits that the trainer computed for them. A device runs the
 * whole declared preprocessing and its own runtime on the pixels and must come to the same logits.
 * Cases are taken evenly along the item, whatever block they fall in: they test arithmetic, not accuracy.
 */
export function goldenFiles(item: DatasetItem, stage: Stage, cases: number, predict: Predict): readonly OutputFile[] {
  const { image } = item;
  const length = Math.min(goldenSlices, image.slices);
  return Array.from({ length: cases }, (_, n) => {
    const first = Math.round(((n + 0.5) / cases) * (image.slices - length));
    const slices = Array.from({ length }, (_unused, i) => realValues(sliceOf(image, first + i)));
    const { data, rows, columns } = preprocessSeries(slices, stage.preprocessing);
    const expected = predict(data);
    return [
      {
        path: `golden/${n}.pixels.npy`,
        bytes: encodeNpy({ data: stored(slices), shape: [length, image.rows, image.columns] }),
      },
      {
        path: `golden/${n}.expected.npy`,
        bytes: encodeNpy({ data: expected, shape: [length, rows, columns, 1] }),
      },
    ];
  }).flat();
}

/** Golden pixels carry no rescale: where the image has one it is applied, and the device sees slope 1, intercept 0. */
function realValues(slice: SourceSlice): SourceSlice {
  const { slope = 1, intercept = 0, pixels, rows, columns } = slice;
  return { pixels: Float32Array.from(pixels, (value) => value * slope + intercept), rows, columns };
}

function stored(slices: readonly SourceSlice[]): Int16Array | Float32Array {
  const all = slices.flatMap((slice) => Array.from(slice.pixels));
  const whole = all.every((value) => Number.isInteger(value) && value >= -32_768 && value <= 32_767);
  return whole ? Int16Array.from(all) : Float32Array.from(all);
}
