import type { Stage } from '@collimator/shared/contracts/release';
import type { MakeValues } from '@collimator/shared/imaging/slice';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import type { ItemInput, ModelBatches } from './model-batches.ts';
import type { OpenJob } from './open-jobs.ts';
import type { StagePlan } from './plan.ts';
import { inOrder } from './slices/in-order.ts';
import type { SliceThreads } from './slices/slice-threads.ts';
import type { ItemRange } from './work-folder.ts';

/** What the items of a stage are run through. */
export type StageRun = {
  readonly stage: Stage;
  readonly model: ModelBatches;
  readonly open: OpenJob;
  readonly plan: StagePlan;
  readonly threads: SliceThreads;
  readonly batchMax: number | undefined;
};

/** Frames on their way through the threads, for each of them: one at work, one that waits, and their answers. */
const FRAMES_AHEAD = 4;

/**
 * Runs the model on items as their inputs come, in batches, while the threads make the next ones.
 *
 * @param take the outputs of an item, in the order of the items
 * @param make where the outputs lie; memory of their own when absent
 */
export async function runItems(
  { model, threads, batchMax = model.batchMax }: StageRun,
  { from, to }: ItemRange,
  input: (item: number) => Promise<Result<ItemInput, Problem>>,
  take: (item: number, outputs: readonly Float32Array[]) => void,
  make?: MakeValues,
): Promise<Problem | undefined> {
  const items = Array.from({ length: to - from }, (_, i) => from + i);
  let batch: ItemInput[] = [];
  let at = from;
  const run = async (): Promise<void> => {
    for (const outputs of await model.run(batch, batchMax, make)) take(at++, outputs);
    for (const { values } of batch) threads.memory.free(values);
    batch = [];
  };
  for await (const one of inOrder(items, FRAMES_AHEAD * threads.count + batchMax, input)) {
    if (!one.ok) return one.error;
    batch.push(one.value);
    if (batch.length === batchMax) await run();
  }
  if (batch.length > 0) await run();
  return undefined;
}
