import type { Release, Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { countVoxels } from '@collimator/shared/imaging/measure';
import { makeMaskBuilder, type MaskBuilder } from '@collimator/shared/imaging/postprocess';
import { fitPreprocessing } from '@collimator/shared/imaging/preprocess';
import type { Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../decode/problem.ts';
import { boundSeries } from '../../decode/series-bytes.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import { assembleVolume, type Volume } from '../../decode/volume.ts';
import type { StageModel } from './ort-session.ts';
import { inOrder } from './slices/in-order.ts';
import type { SliceThreads } from './slices/slice-threads.ts';

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
  /** Decodes a slice of the volume once more; throws when that fails now. */
  slice(index: number): Promise<SourceSlice>;
  /** Of each slice, on the grid of the source; only where they were asked for. */
  readonly probabilities: readonly Float32Array[] | undefined;
  readonly decode_ms: number;
  readonly infer_ms: number;
};

/** Where a slice is: the index of its frame in its file, from 0 on. */
type FrameAddress = { readonly file: string; readonly index: number; readonly header: SliceHeader };

/** Frames on their way through the threads, for each of them: one at work, one that waits, and their answers. */
const FRAMES_AHEAD = 4;

/**
 * Puts a series in order, decodes it, and runs the declared preprocessing, the model and the declared postprocessing.
 * Headers are read first: a series that is too large or no volume is refused before a pixel of it is decoded.
 *
 * What is held: the mask, and the decoded series as it is stored, because percentiles and moments of a series are
 * taken over all of it before the first slice can be preprocessed; where no op asks for them, only the frames that are
 * on their way. A slice is given up when it goes to its preprocessing. Model inputs and outputs are held a batch at a
 * time and the next one.
 *
 * @param wanted `probabilities` takes 4 bytes a voxel; `bytesMax` is of decoded pixels, `SERIES_BYTES_MAX` when absent
 */
export async function segmentSeries(
  files: readonly string[],
  { model }: LoadedRelease,
  threads: SliceThreads,
  wanted: { readonly probabilities: boolean; readonly bytesMax?: number },
): Promise<Result<Segmented, Problem>> {
  const begun = performance.now();
  const ahead = FRAMES_AHEAD * threads.count;
  const frames: FrameAddress[] = [];
  let at = 0;
  for await (const headers of inOrder(files, ahead, (file) => threads.headers(file))) {
    if (!headers.ok) return headers;
    const file = files[at++] as string;
    frames.push(...headers.value.map((header, index) => ({ file, index, header })));
  }
  const assembled = assembleVolume(frames.map(({ header }) => header));
  if (!assembled.ok) return assembled;
  const volume = assembled.value;
  const bounded = boundSeries(volume.slices, wanted.bytesMax);
  if (!bounded.ok) return bounded;
  const ordered = volume.order.map((index) => frames[index] as FrameAddress);
  const decode = ({ file, index }: FrameAddress): Promise<Result<SourceSlice, Problem>> => threads.decode(file, index);

  const { stage, batchMax } = model;
  const { rows, columns, voxel_mm3 } = volume.geometry;
  const probabilities: Float32Array[] | undefined = wanted.probabilities ? [] : undefined;
  const asProbability = probabilityOf(stage.postprocessing);
  const keep = (index: number, scores: Plane): void => {
    if (probabilities !== undefined) probabilities[index] = scores.values.map(asProbability);
  };
  const builder = makeMaskBuilder(stage.postprocessing, { slices: ordered.length, rows, columns }, keep);
  let decoded = performance.now();
  if (needsWholeSeries(stage)) {
    const slices: SourceSlice[] = [];
    for await (const slice of inOrder(ordered, ahead, decode)) {
      if (!slice.ok) return slice;
      slices.push(slice.value);
    }
    decoded = performance.now();
    const fitted = fitPreprocessing(slices, stage.preprocessing);
    const inputs = inOrder(slices, ahead + batchMax, async (slice) => ok(await threads.preprocess(slice, fitted)));
    const run = await runModel(inputs, model, builder);
    if (!run.ok) return run;
  } else {
    const fitted = fitPreprocessing([], stage.preprocessing);
    const inputs = inOrder(ordered, ahead + batchMax, async (frame) => {
      const slice = await decode(frame);
      return slice.ok ? ok(await threads.preprocess(slice.value, fitted)) : slice;
    });
    const run = await runModel(inputs, model, builder);
    if (!run.ok) return run;
  }
  const mask = builder.finish();
  const maskVoxels = countVoxels(mask)[1] as number;
  return ok({
    volume,
    firstFile: ordered[0]?.file ?? '',
    mask,
    maskVoxels,
    async slice(index) {
      const slice = await decode(ordered[index] as FrameAddress);
      if (!slice.ok) throw new CodedError(slice.error.code, slice.error.detail);
      return slice.value;
    },
    probabilities,
    volume_mL: (maskVoxels * voxel_mm3) / 1000,
    decode_ms: decoded - begun,
    infer_ms: performance.now() - decoded,
  });
}

/** What a model gives before `threshold` is a probability where `sigmoid` was applied, and a logit where it was not. */
const probabilityOf = (ops: Stage['postprocessing']): ((score: number) => number) =>
  ops.some(({ op }) => op === 'sigmoid') ? (score) => score : (score) => 1 / (1 + Math.exp(-score));

/** Whether an op must see all slices before the first one can pass it. */
const needsWholeSeries = ({ preprocessing }: Stage): boolean =>
  preprocessing.some((op) => 'scope' in op && op.scope === 'series');

/** Runs the model on the inputs as they come, in batches, while the threads make the next ones. */
async function runModel(
  inputs: AsyncIterable<Result<Plane, Problem>>,
  model: StageModel,
  builder: MaskBuilder,
): Promise<Result<void, Problem>> {
  let batch: Plane[] = [];
  let at = 0;
  const run = async (): Promise<void> => {
    for (const output of await model.run(batch)) builder.add(at++, output);
    batch = [];
  };
  for await (const input of inputs) {
    if (!input.ok) return input;
    batch.push(input.value);
    if (batch.length === model.batchMax) await run();
  }
  if (batch.length > 0) await run();
  return ok(undefined);
}
