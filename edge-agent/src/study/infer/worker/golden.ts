import type { Release } from '@collimator/shared/contracts/release';
import type { ModelSession } from './model-session.ts';
import { differenceOf } from './pipeline/golden.ts';
import { createModelBatches } from './pipeline/model-batches.ts';

/**
 * Runs the golden cases of every stage of a release folder.
 *
 * @returns largest difference of the models' outputs from the golden ones; infinite for one that is not a number
 * @throws CodedError `golden-mismatch` where the outputs have another size
 */
export async function goldenDifference(
  folder: string,
  release: Release,
  sessions: readonly ModelSession[],
): Promise<number> {
  let worst = 0;
  for (const [index, stage] of release.stages.entries()) {
    const session = sessions[index];
    if (session === undefined) throw new RangeError(`stage ${index} has no session`);
    const model = createModelBatches(stage, session);
    for (let number = 0; number < release.golden.cases; number++)
      worst = Math.max(worst, await differenceOf(stage, model, { folder, stage: index, number }));
  }
  return worst;
}
