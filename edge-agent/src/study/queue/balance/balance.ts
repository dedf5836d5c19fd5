import type { Assignment, ChunkEnd, Scheduler, Slot } from '../schedule/scheduler.ts';
import type { RunAnswer } from '../../infer/inference-child.ts';
import type { TaskAnswer } from '../../infer/protocol.ts';
import type { NextWork } from '../../infer/tasks.ts';
import {
  type AttemptEnd,
  type BalancedJob,
  type ChunkTask,
  costKey,
  firstStep,
  type JobStep,
  scheduledJob,
  scheduledStep,
} from './balanced-job.ts';
import { createBatchLimits } from './batch-limits.ts';
import { createExpectedSteps } from './expected-steps.ts';
import { createRunBefore } from './run-before.ts';

/** A chunk that a worker is to run now. */
export type Run = {
  readonly chunkId: number;
  readonly job: BalancedJob;
  readonly slot: string;
  readonly device: string;
  readonly task: ChunkTask;
  readonly items: number;
  /** Undefined: this device has not run such a task since the start; what is guessed from others is no ground to kill a worker. */
  readonly expected_ms: number | undefined;
  /** Since when it could have been run. */
  readonly ready_ms: number;
};

/** What is to be done now, in this order. */
export type Decision =
  /** The first task of a job has a worker: its start is to be written down, then `begun` or `refused`. */
  | { readonly do: 'begin'; readonly job: BalancedJob }
  | { readonly do: 'run'; readonly run: Run }
  /** A worker has died of the job, which goes on all the same. */
  | { readonly do: 'note-death'; readonly job: BalancedJob; readonly detail: string; readonly code: string }
  | { readonly do: 'lower-batch'; readonly device: string; readonly job: BalancedJob; readonly items: number }
  | { readonly do: 'end'; readonly job: BalancedJob; readonly device: string; readonly end: AttemptEnd };

export type BalanceLimits = {
  /** Workers that may die of one job before it is poison. */
  readonly deathsMax: number;
};

export const balanceLimitsDefault: BalanceLimits = { deathsMax: 3 };

/**
 * What becomes of jobs between a scheduler and the workers. Pure: it decides and remembers, others write and run. Every
 * job that was added ends by exactly one `end`, one `refused` or one `drop`, whatever happens to the workers.
 */
export type Balance = {
  setSlots(slots: readonly Slot[], now_ms: number): void;
  add(job: BalancedJob, now_ms: number): void;
  /** Forgets a job, whatever it is at; chunks that run still come to nothing. */
  drop(jobId: string): void;
  next(now_ms: number): readonly Decision[];
  /** The start of a job is written down. */
  begun(jobId: string, now_ms: number): readonly Decision[];
  /** A job is not to be started after all. */
  refused(jobId: string, now_ms: number): void;
  answered(chunkId: number, answer: TaskAnswer, now_ms: number): readonly Decision[];
  /** A worker is gone without an answer. `innocent`: it was gone before the task began, or we ended it ourselves. */
  lost(
    chunkId: number,
    how: Extract<RunAnswer, { answer: undefined }>['why'] | 'innocent',
    detail: string,
    now_ms: number,
  ): readonly Decision[];
  /** Ends what was begun, and requests, that no worker can run or will. */
  strand(canRun: (job: BalancedJob) => boolean, now_ms: number): readonly Decision[];
  /** The workers of a device are new: what it could not hold before, it may hold now. */
  renewed(device: string): void;
  wakeAt_ms(now_ms: number): number | undefined;
  /** Jobs that wait for their first task. */
  waiting(): readonly BalancedJob[];
  /**
   * Releases that must stay until these are over: those of jobs that were begun, and of requests, which cannot be given to
   * another release.
   */
  neededReleases(): ReadonlySet<string>;
  running(): readonly Run[];
};

type Entry = {
  job: BalancedJob;
  phase: 'waiting' | 'beginning' | 'running';
  step: JobStep;
  /** What the only chunk of a plan or conclusion gave. */
  next: NextWork | undefined;
  held: Assignment[];
  ready_ms: number;
  deaths: number;
  /** Chunks that ran when a worker last died of it: their deaths are the same one. */
  deathAfterRun: number;
};

type Out = { readonly jobId: string; readonly run: number; details: Run };

const isNeeded = ({ phase, job }: Entry): boolean => phase !== 'waiting' || job.request !== undefined;

export function createBalance(scheduler: Scheduler, limits: BalanceLimits = balanceLimitsDefault): Balance {
  const entries = new Map<string, Entry>();
  const out = new Map<number, Out>();
  const batches = createBatchLimits();
  const expected = createExpectedSteps();
  const before = createRunBefore();
  let slots: ReadonlyMap<string, Slot> = new Map();
  let runs = 0;

  function start({ chunk, slot }: Assignment, entry: Entry): Decision {
    const { job, step } = entry;
    const device = slots.get(slot)?.device ?? slot;
    const items = chunk.to - chunk.from;
    const key = costKey(job, step);
    const batchMax = step.type === 'items' ? batches.of(device, job, step.work.stage) : undefined;
    const task: ChunkTask =
      step.type === 'items'
        ? { ...step, from: chunk.from, to: chunk.to, ...(batchMax !== undefined && { batchMax }) }
        : step;
    const run: Run = {
      ...{ chunkId: chunk.id, job, slot, device, task, items, ready_ms: entry.ready_ms },
      expected_ms: before.has(device, key) ? scheduler.expected_ms(device, key, items) : undefined,
    };
    out.set(chunk.id, { jobId: job.id, run: ++runs, details: run });
    return { do: 'run', run };
  }

  /** The chunk is off its slot; undefined when its job is over or was forgotten. */
  function settle(chunkId: number, how: ChunkEnd, now_ms: number, itemsMax?: number) {
    const running = out.get(chunkId);
    if (running === undefined) return undefined;
    out.delete(chunkId);
    const complete = scheduler.ended(chunkId, how, now_ms, itemsMax);
    const entry = entries.get(running.jobId);
    return entry === undefined ? undefined : { entry, running, complete };
  }

  function end(entry: Entry, device: string, how: AttemptEnd): readonly Decision[] {
    scheduler.remove(entry.job.id);
    entries.delete(entry.job.id);
    return [{ do: 'end', job: entry.job, device, end: how }];
  }

  function goOn(entry: Entry, step: JobStep, now_ms: number): void {
    entry.step = step;
    entry.next = undefined;
    entry.ready_ms = now_ms;
    scheduler.continueWith(entry.job.id, scheduledStep(entry.job, step), now_ms);
  }

  /** The last chunk of a step is done. */
  function stepDone(entry: Entry, device: string, now_ms: number): readonly Decision[] {
    const { step, next, job } = entry;
    if (step.type === 'items') goOn(entry, { type: 'conclude', work: step.work }, now_ms);
    else if (next === undefined)
      throw new Error(`${step.type} of ${job.id} is complete and nothing says what comes next`);
    else if ('inferred' in next) return end(entry, device, { how: 'inferred', inferred: next.inferred });
    else {
      if (step.type === 'plan') expected.learn(job, next.work);
      goOn(entry, { type: 'items', work: next.work }, now_ms);
    }
    return [];
  }

  function outOfMemory(run: Run, detail: string, now_ms: number): readonly Decision[] {
    const { task, job, device } = run;
    const batch = task.type === 'items' ? Math.min(run.items, task.batchMax ?? run.items) : 1;
    if (task.type !== 'items' || batch <= 1) {
      const settled = settle(run.chunkId, 'failed', now_ms);
      const code = 'inference-out-of-memory';
      return settled === undefined ? [] : unsound(settled.entry, run, code, detail, 'transient');
    }
    const items = Math.floor(batch / 2);
    batches.lower(device, job, task.work.stage, items);
    settle(run.chunkId, 'failed', now_ms, items);
    return [{ do: 'lower-batch', device, job, items }];
  }

  /** Another device is asked once; where that says the same, it is the model or the input. */
  function unsound(
    entry: Entry,
    { device }: Run,
    code: string,
    detail: string,
    otherwise: 'transient' | 'permanent',
  ): readonly Decision[] {
    if (entry.job.unsoundBefore) return end(entry, device, { how: otherwise, code, detail });
    return end(entry, device, { how: 'suspect', device, code, detail });
  }

  return {
    setSlots(given, now_ms) {
      slots = new Map(given.map((slot) => [slot.id, slot]));
      scheduler.setSlots(given, now_ms);
    },
    add(job, now_ms) {
      if (entries.has(job.id)) throw new Error(`${job.id} is there already`);
      const more = { next: undefined, held: [], ready_ms: now_ms, deaths: job.deaths, deathAfterRun: 0 };
      entries.set(job.id, { job, phase: 'waiting', step: firstStep(job), ...more });
      scheduler.add(scheduledJob(job, expected.of(job)), now_ms);
    },
    drop(jobId) {
      const entry = entries.get(jobId);
      if (entry === undefined) return;
      entries.delete(jobId);
      scheduler.remove(jobId);
      for (const { chunk } of entry.held) scheduler.ended(chunk.id, 'lost', entry.ready_ms);
    },
    next(now_ms) {
      return scheduler.next(now_ms).flatMap((assignment): Decision[] => {
        const entry = entries.get(assignment.chunk.jobId);
        if (entry === undefined) throw new Error(`the scheduler runs ${assignment.chunk.jobId}, which is over`);
        if (entry.phase === 'running') return [start(assignment, entry)];
        entry.held.push(assignment);
        if (entry.phase === 'beginning') return [];
        entry.phase = 'beginning';
        return [{ do: 'begin', job: entry.job }];
      });
    },
    begun(jobId) {
      const entry = entries.get(jobId);
      if (entry === undefined) return [];
      entry.phase = 'running';
      return entry.held.splice(0).map((assignment) => start(assignment, entry));
    },
    refused(jobId, now_ms) {
      const entry = entries.get(jobId);
      if (entry === undefined) return;
      entries.delete(jobId);
      scheduler.remove(jobId);
      for (const { chunk } of entry.held) scheduler.ended(chunk.id, 'lost', now_ms);
    },
    answered(chunkId, answer, now_ms) {
      const run = out.get(chunkId)?.details;
      if (run === undefined) return [];
      if (answer.how === 'transient' && answer.code === 'inference-out-of-memory')
        return entries.has(run.job.id) ? outOfMemory(run, answer.detail, now_ms) : drain(chunkId, now_ms);
      const failed = answer.how === 'transient' || answer.how === 'permanent';
      const settled = settle(chunkId, failed ? 'failed' : 'done', now_ms);
      if (settled === undefined) return [];
      const { entry, complete } = settled;
      if (answer.how === 'tensors') return end(entry, run.device, { how: 'answered', outputs: answer.outputs });
      if (failed) {
        const { how, code, detail } = answer;
        if (code === 'inference-output-invalid') return unsound(entry, run, code, detail, 'permanent');
        return end(entry, run.device, { how, code, detail });
      }
      before.note(run.device, costKey(entry.job, entry.step));
      if (answer.how === 'next') entry.next = answer.next;
      return complete ? stepDone(entry, run.device, now_ms) : [];
    },
    lost(chunkId, how, detail, now_ms) {
      const settled = settle(chunkId, 'lost', now_ms);
      if (settled === undefined || how === 'innocent') return [];
      const { entry, running } = settled;
      if (running.run <= entry.deathAfterRun) return [];
      entry.deaths += 1;
      entry.deathAfterRun = runs;
      const code = how === 'stuck' ? 'inference-worker-stuck' : 'inference-worker-died';
      if (entry.deaths >= limits.deathsMax) return end(entry, running.details.device, { how: 'poison', code, detail });
      return [{ do: 'note-death', job: entry.job, code, detail }];
    },
    strand(canRun) {
      return [...entries.values()]
        .filter((entry) => entry.phase !== 'beginning' && isNeeded(entry) && !canRun(entry.job))
        .flatMap((entry) =>
          end(entry, '', { how: 'interrupted', code: 'interrupted', detail: 'no device has its release any more' }),
        );
    },
    renewed: (device) => batches.forget(device),
    wakeAt_ms: (now_ms) => scheduler.wakeAt_ms(now_ms),
    waiting: () => [...entries.values()].filter(({ phase }) => phase === 'waiting').map(({ job }) => job),
    neededReleases: () => new Set([...entries.values()].filter(isNeeded).map(({ job }) => job.release.sha256)),
    running: () => [...out.values()].map(({ details }) => details),
  };

  function drain(chunkId: number, now_ms: number): readonly Decision[] {
    settle(chunkId, 'failed', now_ms);
    return [];
  }
}
