import type { Problem } from '../decode/problem.ts';
import type { Result } from '@collimator/shared/result';
import type { Inferred, WorkerJob } from './protocol.ts';
import type { ModelTensor } from './worker/model-session.ts';

/** What one stage of a job gives to do, as its plan found out. */
export type StageWork = {
  /** Index in the release's `stages`. */
  readonly stage: number;
  /** Independent of each other: slices, windows of a volume, or 1 for a whole volume. */
  readonly items: number;
  /** Of one chunk at most: what the largest batch takes. */
  readonly chunkItemsMax: number;
  /** Shape of an item, as part of what a run's cost depends on; such as `256×256`. */
  readonly shape: string;
};

/** A job for whom its plan is on the disk in `workFolder`, whichever worker made it. */
export type JobRef = {
  readonly jobId: number;
  readonly releaseSha256: string;
  /** Absolute; belongs to one attempt of the job. What workers hand to each other lies there. */
  readonly workFolder: string;
};

/**
 * A piece of work that a worker does at one go. A job is one `plan`; then for each stage its `items`, in chunks that any
 * worker may take, and one `conclude`, which gives the next stage's work or the results.
 */
export type WorkerTask =
  | { readonly type: 'plan'; readonly job: WorkerJob; readonly ref: JobRef }
  | {
      readonly type: 'items';
      readonly ref: JobRef;
      readonly work: StageWork;
      readonly from: number;
      readonly to: number;
      /** Smaller batches than the release's, after a device ran out of memory. */
      readonly batchMax?: number;
    }
  | { readonly type: 'conclude'; readonly job: WorkerJob; readonly ref: JobRef; readonly work: StageWork }
  | {
      readonly type: 'tensors';
      readonly releaseSha256: string;
      readonly stage: number;
      readonly inputs: readonly ModelTensor[];
      readonly outputs: readonly string[];
    };

/** What a job goes on with: work of a stage, or it is done. */
export type NextWork = { readonly work: StageWork } | { readonly inferred: Inferred };

/** Time that a task took where, for telemetry; milliseconds. */
export type TaskTimes = {
  readonly decode_ms: number;
  readonly preprocess_ms: number;
  readonly infer_ms: number;
  readonly result_ms: number;
};

/** A job's way through a worker. A problem is one of the input, which no other attempt can cure; what throws may go better next time. */
export type Pipeline = {
  plan(job: WorkerJob, ref: JobRef): Promise<Result<NextWork, Problem>>;
  /** Leaves its outputs in `ref.workFolder`, whole or not at all: the same chunk may be run again by another worker. */
  items(ref: JobRef, work: StageWork, from: number, to: number, batchMax?: number): Promise<Result<TaskTimes, Problem>>;
  conclude(job: WorkerJob, ref: JobRef, work: StageWork): Promise<Result<NextWork, Problem>>;
  tensors(
    releaseSha256: string,
    stage: number,
    inputs: readonly ModelTensor[],
    outputs: readonly string[],
  ): Promise<readonly ModelTensor[]>;
};
