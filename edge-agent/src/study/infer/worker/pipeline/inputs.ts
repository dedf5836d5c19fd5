import {
  sliceOpsOf,
  planVolume,
  preprocessVolume,
  type VolumeFrame,
} from '@collimator/shared/imaging/preprocess-volume';
import { type Triple, triple, type VolumeGrid } from '@collimator/shared/imaging/volume-grid';
import { type Tiling, tilingOf, windowAt } from '@collimator/shared/imaging/windows';
import { isSegmentation, type Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { volumeGeometryOf } from '../../../decode/series-images.ts';
import type { VolumeGeometry } from '../../../decode/volume.ts';
import { type Given, sizeOf } from './given.ts';
import type { ItemInput, ModelBatches } from './model-batches.ts';
import type { SliceSource } from './slice-source.ts';
import { inOrder } from './slices/in-order.ts';
import type { SliceThreads } from './slices/slice-threads.ts';
import type { StageRun } from './stage-run.ts';
import { valuesOf } from './tensor-shape.ts';

/** The model's input for each item of a stage. */
export type Inputs = (item: number) => Promise<Result<ItemInput, Problem>>;

/** How the volume of a stage lies in its source, and how it is cut for the model. */
export type VolumeWork = {
  readonly frame: VolumeFrame;
  readonly plan: Pick<VolumeGrid, 'shape' | 'channels' | 'maps'>;
  readonly tiling: Tiling;
};

export function sliceInputs({ stage, model, open, plan }: StageRun): Inputs {
  const fitted = { ops: stage.preprocessing, states: plan.states };
  const length = valuesOf(model.input);
  return async (item) => {
    const plane = await open.source.input(plan.given.slices[item] as number, fitted, plan.given, length);
    if (!plane.ok) return plane;
    const { values, rows, columns, channels = 1 } = plane.value;
    return ok({ values, channels, sides: [rows, columns] });
  };
}

/**
 * Follows from headers alone, so every worker comes to the same.
 *
 * @throws CodedError `imaging-ops-invalid`, `inference-release-unsupported`
 */
export function volumeWork(stage: Stage, model: ModelBatches, given: Given, geometry: VolumeGeometry): VolumeWork {
  const { rows, columns } = sizeOf(given);
  const { spacing_mm, step_mm, columnCosines, rowCosines } = geometry;
  const frame: VolumeFrame = {
    shape: [given.slices.length, rows, columns],
    spacing_mm: [spacing_mm.slices, spacing_mm.rows, spacing_mm.columns],
    directions: [step_mm, columnCosines, rowCosines],
  };
  const plan = planVolume(stage.preprocessing, frame);
  const window = triple((axis) => model.input.sides[axis] ?? 0);
  if (model.input.sides.length !== 3)
    throw new CodedError('inference-release-unsupported', 'a stage of unit volume takes three axes');
  const sliding = isSegmentation(stage) ? stage.sliding : undefined;
  if (sliding === undefined && plan.shape.some((side, axis) => side !== window[axis]))
    throw new CodedError(
      'imaging-ops-invalid',
      `preprocessing gives ${plan.shape.join('×')}, the model takes ${window.join('×')} and slides over nothing`,
    );
  return { frame, plan, tiling: tilingOf(plan.shape, window, sliding?.overlap ?? 0) };
}

/** Windows of the preprocessed volume, which is made when the first of them is asked for and kept with the open job. */
export function volumeInputs(run: StageRun): Inputs {
  const { stage, model, open, plan } = run;
  const work = volumeWork(stage, model, plan.given, volumeGeometryOf(open.series.images));
  const volume = open.volume(plan.work.stage, () => readVolume(run, work));
  return async (item) => {
    const grid = await volume;
    if (!grid.ok) return grid;
    const values = windowAt(grid.value, work.tiling, work.tiling.starts[item] as Triple);
    return ok({ values, channels: grid.value.channels, sides: work.tiling.window });
  };
}

async function readVolume({ stage, open, plan, threads }: StageRun, { frame }: VolumeWork) {
  const read = await readSlices(stage, open.source, plan.given, threads);
  return read.ok ? ok(preprocessVolume(read.value, stage.preprocessing, frame)) : read;
}

async function readSlices(
  stage: Stage,
  source: SliceSource,
  given: Given,
  threads: SliceThreads,
): Promise<Result<Float32Array, Problem>> {
  const ops = sliceOpsOf(stage.preprocessing);
  const fitted = { ops, states: ops.map(() => ({ kind: 'none' }) as const) };
  const { rows, columns } = sizeOf(given);
  const values = new Float32Array(given.slices.length * rows * columns);
  let at = 0;
  const input = (index: number) => source.input(index, fitted, given);
  for await (const plane of inOrder(given.slices, 2 * threads.count + 2, input)) {
    if (!plane.ok) return plane;
    values.set(plane.value.values, at);
    at += rows * columns;
  }
  return ok(values);
}
