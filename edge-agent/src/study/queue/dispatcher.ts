import { describeError, isCoded } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { Device } from '../infer/device.ts';
import type { RunAnswer } from '../infer/inference-child.ts';
import type { Inferred, WorkerJob } from '../infer/protocol.ts';
import { learn, type RunTimes, stuckAfter_ms } from '../infer/run-time.ts';
import { type Job, type JobEvent, step } from './job-state.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from './stage-loop.ts';

export type DispatcherDeps = {
  readonly jobs: Jobs;
  readonly devices: readonly Device[];
  /** What a child needs to run a job; `row` is already running. */
  readonly describe: (row: JobRow) => Promise<WorkerJob>;
  /** What the child made, as it is to be stored and delivered. */
  readonly toStore: (row: JobRow, inferred: Inferred) => readonly StoredResult[];
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** The images of a job were replaced or rejected while it ran: what it left on the disk is nobody's. */
  readonly onDiscarded: (row: JobRow) => void;
  /** A job has come to an end. */
  readonly onEnded: (row: JobRow, to: Job) => void;
};

/** Gives queued jobs to devices that are free, and writes down what comes back before anybody is told. */
export function createDispatcher(deps: DispatcherDeps): StageLoop {
  const { jobs, log, now } = deps;
  let times: RunTimes = new Map();
  let stopped = false;
  const running = new Set<Promise<void>>();
  /** Jobs that this process is running; every other one that the table calls running was cut short. */
  const inFlight = new Set<number>();
  let recover = true;

  const loop = createStageLoop({ stage: 'queue', pass, now, after: deps.after, log });

  async function pass(): Promise<number | undefined> {
    if (recover) await requeueInterrupted();
    recover = false;
    for (const device of deps.devices) {
      const row = stopped ? undefined : jobs.next(device.available(), now());
      if (row === undefined) continue;
      const started = await begin(row);
      if (started === undefined) continue;
      deps.checkpoint('job-running');
      // The process may have ended, or a new one taken over, while the start was written.
      if (!device.available().includes(row.releaseSha256)) await move(started, { type: 'interrupted' });
      else track(started.jobId, runOn(device, started));
    }
    return jobs.nextDue_ms(now());
  }

  /** Undefined when the job was superseded since it was read. */
  async function begin(row: JobRow): Promise<JobRow | undefined> {
    try {
      return await move(row, { type: 'started' });
    } catch (error) {
      if (isVoid(row, error)) return undefined;
      throw error;
    }
  }

  /** Whether a job could not be moved on because its images were replaced or rejected: then nothing that was made of it counts. */
  const isVoid = (row: JobRow, error: unknown): boolean =>
    isCoded(error, 'store-conflict') && jobs.get(row.jobId)?.job.state === 'superseded';

  /** What ran when the appliance stopped, or when its end could not be written down. */
  async function requeueInterrupted(): Promise<void> {
    for (const row of jobs.running().filter(({ jobId }) => !inFlight.has(jobId))) {
      const after = await move(row, { type: 'interrupted' });
      if (after.job.state === 'failed') ended(after);
      else log.event('job-requeued', { job: row.jobId, code: 'interrupted', attempts: after.job.attempts });
    }
  }

  async function runOn(device: Device, row: JobRow): Promise<void> {
    const { jobId, slices } = row;
    log.event('job-started', { job: jobId, device: device.name, attempt: row.job.starts, slices });
    const begun = now();
    const answer = await device.run(await deps.describe(row), stuckAfter_ms(times, row.releaseSha256, slices));
    if (stopped && answer.how === 'crashed') return; // Ended by `stop`; the next start puts it back in the queue.
    if (answer.how === 'inferred') times = learn(times, row.releaseSha256, slices, now() - begun);
    try {
      if (answer.how === 'inferred') await store(row, answer.inferred, device.name);
      else await failed(row, answer);
    } catch (error) {
      if (!isVoid(row, error)) throw error;
      log.event('job-superseded', { job: jobId, device: device.name });
      deps.onDiscarded(row);
    }
  }

  async function store(row: JobRow, inferred: Inferred, device: string): Promise<void> {
    const to = next(row, { type: 'inferred' });
    const { maskVoxels, volume_mL, localizersLeftOut, timings } = inferred;
    await deps.jobs.finish(row, to, deps.toStore(row, inferred), { maskVoxels, volume_mL }, now());
    deps.checkpoint('results-stored');
    log.event('job-inferred', {
      job: row.jobId,
      device,
      release: row.releaseName,
      version: row.releaseVersion,
      sha256: row.releaseSha256,
      slices: row.slices,
      localizers_left_out: localizersLeftOut,
      decode_ms: Math.round(timings.decode_ms),
      infer_ms: Math.round(timings.infer_ms),
      result_ms: Math.round(timings.result_ms),
      total_ms: Math.round(timings.total_ms),
    });
    deps.onEnded(row, to);
  }

  async function failed(row: JobRow, answer: Exclude<RunAnswer, { how: 'inferred' }>): Promise<void> {
    const { how, code, detail } = answer;
    const after = await move(row, { type: 'attempt-failed', how, code, detail, at_ms: now() });
    if (after.job.state === 'failed') ended(after);
    else log.event('job-requeued', { job: row.jobId, code, detail, attempts: after.job.attempts });
  }

  function ended(row: JobRow): void {
    const { failure } = row.job;
    if (failure !== undefined) log.event('job-failed', { job: row.jobId, ...failure });
    deps.onEnded(row, row.job);
  }

  async function move(row: JobRow, event: JobEvent): Promise<JobRow> {
    const to = next(row, event);
    await jobs.move(row, to, now());
    return { ...row, job: to };
  }

  /** Runs in the background; a fault of ours leaves the job running in the table, and the loop says so. */
  function track(jobId: number, run: Promise<void>): void {
    inFlight.add(jobId);
    const tracked = run
      .catch((error: unknown) => {
        log.event('study-stage-failed', { stage: 'queue', reason: describeError(error) });
        recover = true;
      })
      .finally(() => {
        inFlight.delete(jobId);
        running.delete(tracked);
        if (!stopped) loop.wake();
      });
    running.add(tracked);
  }

  return {
    wake: () => loop.wake(),
    start: () => loop.start(),
    /** Devices are stopped by their owner, before or at the same time: a run ends only with its process. */
    async stop() {
      stopped = true;
      await loop.stop();
      await Promise.all(running);
    },
  };
}

function next(row: JobRow, event: JobEvent): Job {
  const stepped = step(row.job, event);
  if (!stepped.ok) throw new Error(`job ${row.jobId}: ${stepped.error}`);
  return stepped.value;
}
