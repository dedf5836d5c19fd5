import type { Release } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { pipelineProblems } from '@collimator/shared/imaging/pipeline-problems';

/** @throws CodedError `imaging-ops-invalid` naming all that cannot work */
export function requirePipeline(release: Pick<Release, 'task' | 'stages'>): void {
  const problems = pipelineProblems(release);
  if (problems.length > 0) throw new CodedError('imaging-ops-invalid', problems.join('; '));
}
