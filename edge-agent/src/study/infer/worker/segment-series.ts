import type { Release } from '@collimator/shared/contracts/release';
import { countVoxels } from '@collimator/shared/imaging/measure';
import { makeMaskBuilder } from '@collimator/shared/imaging/postprocess';
import { fitPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../decode/problem.ts';
import type { Slice, SliceReader } from '../../decode/slice-reader.ts';
import { assembleVolume, type Volume } from '../../decode/volume.ts';
import type { StageModel } from './ort-session.ts';

/** A model that is loaded, with the release it is of. */
export type LoadedRelease = { readonly sha256: string; readonly release: Release; readonly model: StageModel };

export type Segmented = {
  readonly volume: Volume;
  /** Index of each slice of the volume in the list of files. */
  readonly order: readonly number[];
  /** [slices, rows, columns]; 0 or 1. */
  readonly mask: Uint8Array;
  readonly maskVoxels: number;
  readonly volume_mL: number;
  readonly decode_ms: number;
  readonly infer_ms: number;
};

/** Files read at once. */
const READS_AT_ONCE = 4;

/**
 * Decodes a series, puts it in order, and runs the declared preprocessing, the model and the declared postprocessing.
 * The decoded series is held as a whole; model inputs and outputs only a batch at a time.
 */
export async function segmentSeries(
  files: readonly string[],
  { model }: LoadedRelease,
  reader: SliceReader,
): Promise<Result<Segmented, Problem>> {
  const begun = performance.now();
  const read = await readAll(files, reader);
  if (!read.ok) return read;
  const assembled = assembleVolume(read.value.map(({ header }) => header));
  if (!assembled.ok) return assembled;
  const volume = assembled.value;
  const slices = volume.order.map((index) => read.value[index] as Slice);
  const decoded = performance.now();

  const { stage, batchMax } = model;
  const fitted = fitPreprocessing(slices, stage.preprocessing);
  const { rows, columns, voxel_mm3 } = volume.geometry;
  const builder = makeMaskBuilder(stage.postprocessing, { slices: slices.length, rows, columns });
  for (let first = 0; first < slices.length; first += batchMax) {
    const inputs = slices.slice(first, first + batchMax).map((slice) => preprocessSlice(slice, fitted));
    for (const [i, output] of (await model.run(inputs)).entries()) builder.add(first + i, output);
  }
  const mask = builder.finish();
  const maskVoxels = countVoxels(mask)[1] as number;
  return ok({
    volume,
    order: volume.order,
    mask,
    maskVoxels,
    volume_mL: (maskVoxels * voxel_mm3) / 1000,
    decode_ms: decoded - begun,
    infer_ms: performance.now() - decoded,
  });
}

async function readAll(files: readonly string[], reader: SliceReader): Promise<Result<readonly Slice[], Problem>> {
  const slices: Slice[] = [];
  for (let first = 0; first < files.length; first += READS_AT_ONCE) {
    const some = await Promise.all(files.slice(first, first + READS_AT_ONCE).map((file) => reader.readSlice(file)));
    for (const one of some) {
      if (!one.ok) return one;
      slices.push(one.value);
    }
  }
  return ok(slices);
}
