import type { CostKey, Priority, ScheduledJob, Step } from '../schedule/scheduler.ts';
import type { Inferred } from '../../infer/protocol.ts';
import type { StageWork } from '../../infer/tasks.ts';
import type { ModelTensor } from '../../infer/worker/model-session.ts';

export type ReleaseName = { readonly sha256: string; readonly name: string; readonly version: string };

/** A job as the balance knows it: nothing of it says whose images it is about. */
export type BalancedJob = {
  /** Names one attempt: the same job gets another one when it starts anew. */
  readonly id: string;
  readonly release: ReleaseName;
  readonly priority: Priority;
  readonly arrival_ms: number;
  readonly share: number;
  /** Images of the series; what planning it costs depends on them. */
  readonly images: number;
  /** Whether a device may run it whose model is not known to be the release's. */
  readonly unattestedAllowed: boolean;
  /** Workers that have died of it before. */
  readonly deaths: number;
  /** An answer to it was unsound once: where that comes again, it is the model or the input, not the device. */
  readonly unsoundBefore: boolean;
  /** Devices that are not to run it; only where another one can. */
  readonly avoid: readonly string[];
  /** A single run for another program instead of a study's way; `shape` is of its inputs. */
  readonly request?: { readonly stage: number; readonly shape: string };
};

/** Where a job is between its first task and its result. */
export type JobStep =
  | { readonly type: 'plan' }
  | { readonly type: 'items'; readonly work: StageWork }
  | { readonly type: 'conclude'; readonly work: StageWork }
  | { readonly type: 'tensors' };

/** One chunk of a step, as it is given to a worker. */
export type ChunkTask =
  | { readonly type: 'plan' }
  | {
      readonly type: 'items';
      readonly work: StageWork;
      readonly from: number;
      readonly to: number;
      readonly batchMax?: number;
    }
  | { readonly type: 'conclude'; readonly work: StageWork }
  | { readonly type: 'tensors' };

/** How an attempt ended. `suspect`: the device computed something that cannot be; another one is to be asked. */
export type AttemptEnd =
  | { readonly how: 'inferred'; readonly inferred: Inferred }
  | { readonly how: 'answered'; readonly outputs: readonly ModelTensor[] }
  | { readonly how: 'suspect'; readonly device: string; readonly code: string; readonly detail: string }
  | {
      readonly how: 'transient' | 'permanent' | 'poison' | 'interrupted';
      readonly code: string;
      readonly detail: string;
    };

/** What a slot offers of a release: to every job, or only to those that do without attestation. */
export const releaseKey = (sha256: string, attested: boolean): string => (attested ? sha256 : `${sha256} unattested`);

/** What a job asks of a slot; one that does without attestation also takes a model that has it. */
const wantedKey = ({ release, unattestedAllowed }: BalancedJob): string =>
  releaseKey(release.sha256, !unattestedAllowed);

/** What a slot with a model of a release says that it can run. */
export const offeredKeys = (sha256: string, attested: boolean): readonly string[] =>
  attested ? [releaseKey(sha256, true), releaseKey(sha256, false)] : [releaseKey(sha256, false)];

/** Costs of planning and concluding grow with the series; so many to a class. */
const sizeClass = (size: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, size)));

export function costKey(job: BalancedJob, step: JobStep): CostKey {
  const { sha256 } = job.release;
  switch (step.type) {
    case 'plan':
      return `${sha256} plan ${sizeClass(job.images)}`;
    case 'items':
      return `${sha256} ${step.work.stage} items ${step.work.shape}`;
    case 'conclude':
      return `${sha256} ${step.work.stage} conclude ${step.work.shape} ${sizeClass(step.work.items)}`;
    case 'tensors':
      return `${sha256} ${job.request?.stage ?? 0} tensors ${job.request?.shape ?? ''}`;
  }
}

/** A step as the scheduler knows it. */
export function scheduledStep(job: BalancedJob, step: JobStep): Step {
  const items = step.type === 'items' ? step.work.items : 1;
  const chunkItemsMax = step.type === 'items' ? step.work.chunkItemsMax : 1;
  return { key: costKey(job, step), release: wantedKey(job), items, chunkItemsMax };
}

export const firstStep = (job: BalancedJob): JobStep => ({ type: job.request === undefined ? 'plan' : 'tensors' });

/** @param expected what earlier jobs of the release went on with after their plan, for the estimate of its service time */
export const scheduledJob = (job: BalancedJob, expected: readonly JobStep[]): ScheduledJob => ({
  id: job.id,
  priority: job.priority,
  arrival_ms: job.arrival_ms,
  share: job.share,
  steps: [
    scheduledStep(job, firstStep(job)),
    ...(job.request === undefined ? expected : []).map((step) => scheduledStep(job, step)),
  ],
  ...(job.avoid.length > 0 && { notOn: job.avoid }),
});
