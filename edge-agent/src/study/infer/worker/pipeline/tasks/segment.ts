import type { SegmentationStage } from '@collimator/shared/contracts/release';
import type { Plane } from '@collimator/shared/imaging/slice';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../../decode/problem.ts';
import { sizeOf } from '../given.ts';
import { sliceInputs, volumeInputs } from '../inputs.ts';
import type { FinishedMask } from '../slices/protocol.ts';
import type { ItemArrays } from '../chunk-file.ts';
import { runItems, type StageRun } from '../stage-run.ts';
import type { ItemRange } from '../work-folder.ts';

/**
 * Segments items. Of slices a chunk holds the finished masks (`mask`, and `probabilities` where they are wanted), of
 * windows what the model gave (`raw`): a voxel's score is known only when all windows over it are.
 */
export async function segmentItems(
  run: StageRun,
  stage: SegmentationStage,
  range: ItemRange,
): Promise<Result<ItemArrays, Problem>> {
  return stage.unit === 'volume' ? segmentWindows(run, range) : segmentSlices(run, stage, range);
}

async function segmentSlices(
  run: StageRun,
  stage: SegmentationStage,
  range: ItemRange,
): Promise<Result<ItemArrays, Problem>> {
  const [shape] = run.model.outputs as [(typeof run.model.outputs)[number]];
  const [rows = 0, columns = 0] = shape.sides;
  const size = sizeOf(run.plan.given);
  const probabilities = run.open.series.probabilities && run.plan.last;
  const wanted = { ops: stage.postprocessing, size, probabilities };
  const { memory } = run.threads;
  const finishing: Promise<FinishedMask>[] = [];
  const finish = async (output: Plane): Promise<FinishedMask> => {
    const finished = await run.threads.mask(output, wanted);
    memory.free(output.values);
    return finished;
  };
  const take = (_: number, [values]: readonly Float32Array[]): void => {
    const finished = finish({ values: values as Float32Array, rows, columns, channels: shape.channels });
    // It is awaited at the end; until then its failure is nobody's.
    finished.catch(() => undefined);
    finishing.push(finished);
  };
  // Probabilities may be the very output, which is not to be used again as long as they are.
  const make = probabilities ? undefined : (length: number) => memory.floats(length);
  const problem = await runItems(run, range, sliceInputs(run), take, make);
  const finished = await Promise.all(finishing);
  if (problem !== undefined) return { ok: false, error: problem };
  const mask = finished.map((one) => one.mask);
  return ok(
    probabilities ? { mask, probabilities: finished.map((one) => one.probabilities as Float32Array) } : { mask },
  );
}

async function segmentWindows(run: StageRun, range: ItemRange): Promise<Result<ItemArrays, Problem>> {
  const raw: Float32Array[] = [];
  const problem = await runItems(run, range, volumeInputs(run), (_, [values]) => void raw.push(values as Float32Array));
  return problem === undefined ? ok({ raw }) : { ok: false, error: problem };
}
