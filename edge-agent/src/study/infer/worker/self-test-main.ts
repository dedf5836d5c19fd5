import { CodedError } from '@collimator/shared/errors/coded-error';
import type { SelfTestAnswer, SelfTestRequest } from '../self-test.ts';
import { goldenDifference } from './golden.ts';
import { readRelease } from './load-release.ts';
import type { ModelSession } from './model-session.ts';
import { openLocalSession } from './pipeline/local-session.ts';
import { requirePipeline } from './pipeline/require-pipeline.ts';

/** Entry of the process that runs the golden cases of one release and answers once. */
process.once('message', (request: SelfTestRequest) => {
  void selfTest(request)
    .catch((error: unknown): SelfTestAnswer => {
      if (error instanceof CodedError) return { ok: false, code: error.code, detail: error.detail };
      return { ok: false, code: 'self-test-failed', detail: error instanceof Error ? error.message : String(error) };
    })
    .then((answer) => process.send?.(answer, () => process.disconnect()));
});

async function selfTest({ folder, device }: SelfTestRequest): Promise<SelfTestAnswer> {
  const release = await readRelease(folder);
  requirePipeline(release);
  const sessions: ModelSession[] = [];
  for (const stage of release.stages) sessions.push(await openLocalSession(folder, release, stage, device));
  return { ok: true, max_abs_diff: await goldenDifference(folder, release, sessions) };
}
