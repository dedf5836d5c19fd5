import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GoldenCase, goldenCase, isSegmentation, type Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { decodeNpy, type NpyArray } from '@collimator/shared/imaging/npy';
import { preprocessSeries } from '@collimator/shared/imaging/preprocess';
import { preprocessVolume, volumeOf } from '@collimator/shared/imaging/preprocess-volume';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { makeStitcher, windowAt, windowWeights } from '@collimator/shared/imaging/windows';
import { volumeWork } from './inputs.ts';
import type { ModelBatches } from './model-batches.ts';
import { toTensor, valuesOf } from './tensor-shape.ts';

/** Which golden case of a release folder. */
export type GoldenAddress = { readonly folder: string; readonly stage: number; readonly number: number };

/**
 * Runs a golden case (see the contract's GoldenCase) through the declared preprocessing and the model.
 *
 * @returns the largest difference of the model's outputs from the golden ones; infinite for one that is not a number
 * @throws CodedError `golden-mismatch` for outputs of another size
 */
export async function differenceOf(stage: Stage, model: ModelBatches, address: GoldenAddress): Promise<number> {
  const folder = address.stage === 0 ? 'golden' : `golden/stage-${address.stage}`;
  const read = async (name: string): Promise<NpyArray> => {
    const path = `${folder}/${address.number}.${name}.npy`;
    return decodeNpy(await readFile(join(address.folder, path)), path);
  };
  const its = await readCase(join(address.folder, `${folder}/${address.number}.json`));
  const slices = slicesOf(await read('pixels'), its);
  const outputs =
    stage.unit === 'volume' ? await volumeOutputs(stage, model, slices, its) : await sliceOutputs(stage, model, slices);
  let worst = 0;
  for (const [o, found] of outputs.entries()) {
    const name = outputs.length === 1 ? 'expected' : `expected.${stage.outputs[o]?.name}`;
    worst = Math.max(worst, largestDifference(found, (await read(name)).data, address));
  }
  return worst;
}

async function readCase(path: string): Promise<GoldenCase> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  return goldenCase.parse(JSON.parse(text), 'a golden case');
}

function slicesOf({ data, shape }: NpyArray, { slope, intercept }: GoldenCase): readonly SourceSlice[] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  const count = shape.length === 2 ? 1 : (shape[0] as number);
  return Array.from({ length: count }, (_, i): SourceSlice => {
    const pixels = data.subarray(i * rows * columns, (i + 1) * rows * columns);
    return { pixels, rows, columns, slope, intercept };
  });
}

/** Each output with all slices as its batch. */
async function sliceOutputs(
  stage: Stage,
  model: ModelBatches,
  slices: readonly SourceSlice[],
): Promise<readonly Float32Array[]> {
  const { data, rows, columns, channels } = preprocessSeries(slices, stage.preprocessing);
  const size = rows * columns * channels;
  const inputs = slices.map((_, i) => ({
    ...{ channels, sides: [rows, columns] },
    values: data.subarray(i * size, (i + 1) * size),
  }));
  return asTensors(model, await model.run(inputs));
}

async function volumeOutputs(
  stage: Stage,
  model: ModelBatches,
  slices: readonly SourceSlice[],
  { spacing_mm = [1, 1, 1], directions }: GoldenCase,
): Promise<readonly Float32Array[]> {
  const { rows = 0, columns = 0 } = slices[0] ?? {};
  const [step_mm, columnCosines, rowCosines] =
    directions ??
    ([
      [0, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
    ] as const);
  const [between, down, across] = spacing_mm;
  const work = volumeWork(
    ...([stage, model] as const),
    { slices: slices.map((_, i) => i), rows: [0, rows], columns: [0, columns] },
    {
      ...{ slices: slices.length, rows, columns, origin_mm: [0, 0, 0], step_mm, columnCosines, rowCosines },
      spacing_mm: { slices: between, rows: down, columns: across },
      voxel_mm3: between * down * across,
    },
  );
  const grid = preprocessVolume(volumeOf(slices, stage.preprocessing), stage.preprocessing, work.frame);
  const { tiling } = work;
  const inputs = tiling.starts.map((start) => ({
    ...{ channels: grid.channels, sides: tiling.window },
    values: windowAt(grid, tiling, start),
  }));
  const outputs = await model.run(inputs);
  if (!isSegmentation(stage)) return asTensors(model, outputs);
  const { weighting = 'constant', sigma_share = 0.125 } = stage.sliding ?? {};
  const channels = model.outputs[0]?.channels ?? 0;
  const weights = windowWeights(tiling.window, weighting, sigma_share);
  const stitcher = makeStitcher(grid.shape, tiling, channels, weights);
  for (const [i, [values]] of outputs.entries()) stitcher.add(i, values as Float32Array);
  return [stitcher.finish()];
}

function asTensors(model: ModelBatches, items: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  return model.outputs.map((shape, o) => {
    const size = valuesOf(shape);
    const all = new Float32Array(items.length * size);
    for (const [i, outputs] of items.entries())
      toTensor(outputs[o] as Float32Array, shape, all.subarray(i * size, (i + 1) * size));
    return all;
  });
}

function largestDifference(found: Float32Array, expected: ArrayLike<number>, { stage, number }: GoldenAddress): number {
  if (found.length !== expected.length || found.length === 0)
    throw new CodedError(
      'golden-mismatch',
      `stage ${stage}, case ${number}: ${found.length} values instead of ${expected.length}`,
    );
  let worst = 0;
  for (let i = 0; i < found.length; i++) {
    const difference = Math.abs((found[i] as number) - (expected[i] as number));
    if (!(difference <= worst)) worst = Number.isFinite(difference) ? difference : Number.POSITIVE_INFINITY;
  }
  return worst;
}
