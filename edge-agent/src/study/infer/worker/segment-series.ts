import type { Release } from '@collimator/shared/contracts/release';
import { countVoxels } from '@collimator/shared/imaging/measure';
import { makeMaskBuilder } from '@collimator/shared/imaging/postprocess';
import { fitPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../decode/problem.ts';
import { boundSeries } from '../../decode/series-bytes.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import type { Slice, SliceReader } from '../../decode/slice-reader.ts';
import { assembleVolume, type Volume } from '../../decode/volume.ts';
import type { StageModel } from './ort-session.ts';

/** A model that is loaded, with the release it is of. */
export type LoadedRelease = { readonly sha256: string; readonly release: Release; readonly model: StageModel };

export type Segmented = {
  readonly volume: Volume;
  /** The file of the lowest slice. */
  readonly firstFile: string;
  /** [slices, rows, columns]; 0 or 1. */
  readonly mask: Uint8Array;
  readonly maskVoxels: number;
  readonly volume_mL: number;
  readonly decode_ms: number;
  readonly infer_ms: number;
};

/** Where a slice is: the index of its frame in its file, from 0 on. */
type FrameAddress = { readonly file: string; readonly index: number; readonly header: SliceHeader };

/** Files read at once. */
const READS_AT_ONCE = 4;

/**
 * Puts a series in order, decodes it, and runs the declared preprocessing, the model and the declared postprocessing.
 * The decoded series is held as a whole, so headers are read first: a series that is too large or no volume is refused
 * before a pixel of it is decoded. Model inputs and outputs are held only a batch at a time.
 *
 * @param bytesMax of decoded pixels; `SERIES_BYTES_MAX` when absent
 */
export async function segmentSeries(
  files: readonly string[],
  { model }: LoadedRelease,
  reader: SliceReader,
  bytesMax?: number,
): Promise<Result<Segmented, Problem>> {
  const begun = performance.now();
  const headers = await readAll(files, (file) => reader.readHeaders(file));
  if (!headers.ok) return headers;
  const frames = headers.value.flatMap((headers, i) =>
    headers.map((header, index): FrameAddress => ({ file: files[i] as string, index, header })),
  );
  const assembled = assembleVolume(frames.map(({ header }) => header));
  if (!assembled.ok) return assembled;
  const volume = assembled.value;
  const bounded = boundSeries(volume.slices, bytesMax);
  if (!bounded.ok) return bounded;
  const inOrder = volume.order.map((index) => frames[index] as FrameAddress);
  const read = await readAll<FrameAddress, Slice>(inOrder, ({ file, index }) => reader.readSlice(file, index));
  if (!read.ok) return read;
  const slices = read.value;
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
    firstFile: inOrder[0]?.file ?? '',
    mask,
    maskVoxels,
    volume_mL: (maskVoxels * voxel_mm3) / 1000,
    decode_ms: decoded - begun,
    infer_ms: performance.now() - decoded,
  });
}

async function readAll<From, T>(
  from: readonly From[],
  readOne: (one: From) => Promise<Result<T, Problem>>,
): Promise<Result<readonly T[], Problem>> {
  const all: T[] = [];
  for (let first = 0; first < from.length; first += READS_AT_ONCE) {
    for (const one of await Promise.all(from.slice(first, first + READS_AT_ONCE).map(readOne))) {
      if (!one.ok) return one;
      all.push(one.value);
    }
  }
  return ok(all);
}
