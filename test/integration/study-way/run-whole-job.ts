import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/route/active-releases';
import type { InferenceChild } from '@collimator/edge-agent/study/infer/inference-child';
import type {
  DeviceSpec,
  Inferred,
  LoadRelease,
  TaskAnswer,
  WorkerJob,
} from '@collimator/edge-agent/study/infer/protocol';
import type { JobRef, WorkerTask } from '@collimator/edge-agent/study/infer/tasks';

export const cpuDevice: DeviceSpec = {
  ...{ name: 'cpu-0', kind: 'cpu', threads: 1, decodeThreads: 1, providers: ['cpu'], workers: 1, nice: 0 },
  residentBytesMax: 2 ** 34,
};

export const toLoad = ({ ref, folder, release }: ActiveRelease): LoadRelease => ({
  ...{ sha256: ref.sha256, folder, memoryBytes: release.device.memory_bytes_min },
});

export type JobOutcome =
  | { readonly how: 'inferred'; readonly inferred: Inferred }
  | { readonly how: 'permanent' | 'transient' | 'crashed' | 'stuck'; readonly code: string; readonly detail: string };

/** Runs a job from its plan to its results on one process, chunk after chunk, as the engine does on all of them. */
export async function runWholeJob(child: InferenceChild, job: WorkerJob, stuckAfter_ms: number): Promise<JobOutcome> {
  const { jobId, releaseSha256 } = job;
  const ref: JobRef = { jobId, releaseSha256, workFolder: `${job.outFolder}.work` };
  const run = async (task: WorkerTask): Promise<TaskAnswer | JobOutcome> => {
    const ran = await child.run(task, stuckAfter_ms);
    return ran.answer ?? { how: ran.why, code: `inference-worker-${ran.why}`, detail: ran.detail };
  };
  let answer = await run({ type: 'plan', job, ref });
  while (answer.how === 'next') {
    const { next } = answer;
    if ('inferred' in next) return { how: 'inferred', inferred: next.inferred };
    const { work } = next;
    for (let from = 0; from < work.items; from += work.chunkItemsMax) {
      const to = Math.min(work.items, from + work.chunkItemsMax);
      answer = await run({ type: 'items', ref, work, from, to });
      if (answer.how !== 'items') break;
    }
    if (answer.how === 'items') answer = await run({ type: 'conclude', job, ref, work });
  }
  if (answer.how === 'items' || answer.how === 'tensors') throw new Error(`a job that ends by ${answer.how}`);
  return answer;
}
