import { describeError, isCoded } from '@collimator/shared/errors/coded-error';
import { errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { After } from '../../timers.ts';
import type { Engine, Ticket } from '../infer/engine.ts';
import type { EngineEvent, OnEngineEvent } from '../infer/engine-events.ts';
import type { Inferred, WorkerJob } from '../infer/protocol.ts';
import type { JobRef, WorkerTask } from '../infer/tasks.ts';
import { unattestedWhy } from '../infer/unattested.ts';
import { isAttested } from '../result/notice.ts';
import type { RemoteOrigin } from '../result/result-context.ts';
import type { AttemptEnd, BalancedJob, ChunkTask } from './balance/balanced-job.ts';
import { type Job, type JobEvent, step } from './job-state.ts';
import { createStageLoop, type StageLoop } from './stage-loop.ts';
import { createSuspects } from './suspects.ts';

/** What the routes of a job say about how it is run. */
export type JobPolicy = { readonly share: number; readonly unattestedAllowed: boolean };

export type DispatcherDeps = {
  readonly jobs: Jobs;
  readonly engine: Engine;
  /** What a worker needs to run a job; `row` is already running. */
  readonly describe: (row: JobRow) => Promise<WorkerJob>;
  readonly refOf: (row: JobRow) => JobRef;
  readonly policyOf: (row: JobRow) => JobPolicy;
  /** What the workers made, as it is to be stored and delivered. */
  readonly toStore: (row: JobRow, inferred: Inferred) => readonly StoredResult[];
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** The images of a job were replaced or rejected while it ran: what it left on the disk is nobody's. */
  readonly onDiscarded: (row: JobRow) => void;
  /** Workers died of it so often that nobody runs it again by itself. */
  readonly onPoison: (row: JobRow, device: string) => Promise<void>;
  /** A job has come to an end. */
  readonly onEnded: (row: JobRow, to: Job) => void;
  /** No worker is at an attempt any more. */
  readonly onReleased: (row: JobRow) => void;
  readonly onEvent: OnEngineEvent;
};

/** Queued jobs of one class that the scheduler knows of at a time; the table holds the others, in the order of their arrival. */
export const WINDOW = 128;
/** Jobs that are given up in one pass because nothing can load their release. */
const UNLOADABLE_AT_A_TIME = 16;

/** Brings queued jobs to the engine, and writes down what comes back before anybody is told. */
export function createDispatcher(deps: DispatcherDeps): StageLoop {
  const { jobs, engine, log, now } = deps;
  let stopped = false;
  /** Jobs in the engine that were not begun, by their attempt. */
  const offered = new Map<number, { readonly row: JobRow; readonly job: BalancedJob }>();
  /** Jobs that this process is running; every other one that the table calls running was cut short. */
  const inFlight = new Set<number>();
  const writing = new Set<Promise<void>>();
  const suspects = createSuspects();
  let recover = true;

  const loop = createStageLoop({ stage: 'queue', pass, now, after: deps.after, log });

  async function pass(): Promise<number | undefined> {
    if (recover) {
      recover = false;
      await requeueInterrupted();
    }
    if (stopped) return undefined;
    // One moment for both questions, what is due and when the next one is: between two, a job could be neither.
    const at_ms = now();
    const wanted = engine.wanted().map(({ ref }) => ref.sha256);
    const unloadable = wanted.filter((sha256) => engine.cannotLoad(sha256) !== undefined);
    for (const sha256 of unloadable) await giveUp(sha256, engine.cannotLoad(sha256), () => true);
    const loadable = wanted.filter((sha256) => !unloadable.includes(sha256));
    const refusals_ms: number[] = [];
    for (const sha256 of loadable) {
      const from_ms = engine.unattested.from_ms(sha256);
      if (from_ms !== undefined && from_ms > at_ms) refusals_ms.push(from_ms);
      else if (from_ms !== undefined)
        await giveUp(sha256, unattestedWhy, (row) => !deps.policyOf(row).unattestedAllowed);
    }
    offer(loadable, at_ms);
    const due_ms = Math.min(jobs.nextDue_ms(at_ms) ?? Infinity, ...refusals_ms);
    return due_ms === Infinity ? undefined : due_ms;
  }

  /** Makes what the engine knows of waiting jobs what the table says: their order, release, priority and holds may change. */
  function offer(releases: readonly string[], at_ms: number): void {
    const rows = new Map(jobs.queued(releases, at_ms, WINDOW).map((row) => [row.jobId, row]));
    for (const [jobId, { job }] of offered) {
      const row = rows.get(jobId);
      if (row !== undefined && same(job, balanced(row))) continue;
      if (engine.drop(job.id)) offered.delete(jobId);
    }
    for (const row of rows.values()) {
      if (offered.has(row.jobId) || inFlight.has(row.jobId)) continue;
      const job = balanced(row);
      offered.set(row.jobId, { row, job });
      engine.add(ticket(row, job));
    }
  }

  function balanced(row: JobRow): BalancedJob {
    const { jobId, priority, queued_ms, slices, job } = row;
    const policy = deps.policyOf(row);
    return {
      ...{ id: `${jobId}/${job.starts + 1}`, priority, arrival_ms: queued_ms, images: slices, deaths: job.attempts },
      release: { sha256: row.releaseSha256, name: row.releaseName, version: row.releaseVersion },
      ...policy,
      unsoundBefore: suspects.has(jobId),
      avoid: suspects.of(jobId, engine.ready(row.releaseSha256, policy.unattestedAllowed)),
    };
  }

  /** One attempt. What it writes is written in its order, and never two things at once. */
  function ticket(queued: JobRow, job: BalancedJob): Ticket {
    const { jobId } = queued;
    let row = queued;
    let described: WorkerJob | undefined;
    const remote = new Map<string, RemoteOrigin>();
    let last: Promise<void> = Promise.resolve();
    const inTurn = (work: () => Promise<void>): void => {
      last = last.then(work).catch((error: unknown) => {
        // A fault of ours leaves the job running in the table: it is put back, and the loop says so.
        log.event('study-stage-failed', { stage: 'queue', reason: describeError(error) });
        recover = true;
      });
      track(last);
    };
    return {
      ...{ job, jobId },
      async begin() {
        offered.delete(jobId);
        if (stopped) return false;
        inFlight.add(jobId);
        try {
          const started = await begin(queued);
          if (started !== undefined) {
            row = started;
            deps.checkpoint('job-running');
            described = await deps.describe(started);
            log.event('job-started', { job: jobId, attempt: row.job.starts, slices: row.slices });
            return true;
          }
        } catch (error) {
          log.event('study-stage-failed', { stage: 'queue', reason: describeError(error) });
          recover = true;
        }
        inFlight.delete(jobId);
        wake();
        return false;
      },
      task: (chunk) =>
        workerTask(chunk, deps.refOf(row), {
          ...(described as WorkerJob),
          ...(remote.size > 0 && { remote: [...remote.values()] }),
        }),
      computed({ origins = [] }) {
        for (const origin of origins) remote.set(JSON.stringify(origin), origin);
      },
      noteDeath(code, detail) {
        inTurn(async () => {
          try {
            row = await move(row, { type: 'worker-died' });
          } catch (error) {
            // Void, which its end will say.
            if (!isVoid(row, error)) throw error;
          }
          log.event('chunk-requeued', { job: jobId, code, detail, deaths: row.job.attempts });
        });
      },
      ended(end, device) {
        inTurn(async () => {
          try {
            await settle(row, end, device, [...remote.values()]);
          } catch (error) {
            if (!isVoid(row, error)) throw error;
            log.event('job-superseded', { job: jobId, device });
            tell(row, 'superseded');
            deps.onDiscarded(row);
          } finally {
            inFlight.delete(jobId);
            wake();
          }
        });
      },
      released: () => inTurn(() => Promise.resolve(deps.onReleased(row))),
    };
  }

  async function settle(row: JobRow, end: AttemptEnd, device: string, remote: readonly RemoteOrigin[]): Promise<void> {
    if (end.how === 'inferred') return store(row, end.inferred, device, remote);
    if (end.how === 'answered') throw new Error(`job ${row.jobId} was answered as a request`);
    if (end.how === 'suspect') suspects.note(row.jobId, end.device);
    if (end.how === 'interrupted') return requeue(row, { type: 'interrupted' }, end);
    const how = end.how === 'poison' ? 'crashed' : end.how === 'suspect' ? 'transient' : end.how;
    const { code, detail } = end;
    if (end.how === 'poison') await deps.onPoison(row, device);
    await requeue(row, { type: 'attempt-failed', how, code, detail, at_ms: now() }, end);
  }

  async function requeue(
    row: JobRow,
    event: JobEvent,
    { code, detail }: { code: string; detail: string },
  ): Promise<void> {
    const after = await move(row, event);
    if (after.job.state === 'failed') ended(after);
    else log.event('job-requeued', { job: row.jobId, code, detail, attempts: after.job.attempts });
  }

  /** Undefined when the job was superseded, held or given to another release since it was read. */
  async function begin(row: JobRow): Promise<JobRow | undefined> {
    const fresh = jobs.startable(row.jobId);
    if (fresh === undefined || fresh.releaseSha256 !== row.releaseSha256) return undefined;
    try {
      return await move(fresh, { type: 'started' });
    } catch (error) {
      if (isVoid(fresh, error)) return undefined;
      throw error;
    }
  }

  /** Whether a job could not be moved on because its images were replaced or rejected: then nothing that was made of it counts. */
  const isVoid = (row: JobRow, error: unknown): boolean =>
    isCoded(error, 'store-conflict') && jobs.get(row.jobId)?.job.state === 'superseded';

  /** What ran when the appliance stopped, or when its end could not be written down. */
  async function requeueInterrupted(): Promise<void> {
    for (const row of jobs.running().filter(({ jobId }) => !inFlight.has(jobId)))
      await requeue(row, { type: 'interrupted' }, { code: 'interrupted', detail: '' });
  }

  /** No device can run these jobs: each has an attempt that says so, and after some, or that one, it has failed. */
  async function giveUp(
    sha256: string,
    why: { readonly code: string; readonly detail: string } | undefined,
    concerns: (row: JobRow) => boolean,
  ): Promise<void> {
    if (why === undefined) return;
    const { code, detail } = why;
    const permanent =
      code in errorCatalogue && errorCatalogue[code as keyof typeof errorCatalogue].class === 'permanent';
    const concerned = jobs.queued([sha256], now(), WINDOW).filter(concerns);
    let moved = 0;
    for (const queued of concerned.slice(0, UNLOADABLE_AT_A_TIME)) {
      const known = offered.get(queued.jobId);
      if (inFlight.has(queued.jobId) || (known !== undefined && !engine.drop(known.job.id))) continue;
      offered.delete(queued.jobId);
      const row = await begin(queued);
      if (row === undefined) continue;
      const how = permanent ? 'permanent' : 'transient';
      await requeue(row, { type: 'attempt-failed', how, code, detail, at_ms: now() }, why);
      moved += 1;
    }
    // The others in another pass, so that what else is due is not held up.
    if (moved > 0 && concerned.length > UNLOADABLE_AT_A_TIME) wake();
  }

  async function store(
    row: JobRow,
    inferred: Inferred,
    device: string,
    remote: readonly RemoteOrigin[],
  ): Promise<void> {
    const to = next(row, { type: 'inferred' });
    const { maskVoxels, volume_mL, localizersLeftOut, timings } = inferred;
    await jobs.finish(row, to, deps.toStore(row, inferred), { maskVoxels, volume_mL }, now());
    deps.checkpoint('results-stored');
    log.event('job-inferred', {
      job: row.jobId,
      device,
      release: row.releaseName,
      version: row.releaseVersion,
      // Nobody knows the digest of what a server computed with that could not be attested.
      ...(isAttested({ remote }) && { sha256: row.releaseSha256 }),
      ...(remote.length > 0 && { attested: isAttested({ remote }), servers: serversOf(remote) }),
      slices: row.slices,
      localizers_left_out: localizersLeftOut,
      decode_ms: Math.round(timings.decode_ms),
      infer_ms: Math.round(timings.infer_ms),
      result_ms: Math.round(timings.result_ms),
      total_ms: Math.round(timings.total_ms),
    });
    over(row, to);
  }

  function ended(row: JobRow): void {
    const { failure } = row.job;
    if (failure !== undefined) log.event('job-failed', { job: row.jobId, ...failure });
    over(row, row.job);
  }

  function over(row: JobRow, to: Job): void {
    suspects.forget(row.jobId);
    tell(row, to.state === 'inferred' ? 'inferred' : 'failed');
    deps.onEnded(row, to);
  }

  function tell(row: JobRow, outcome: (EngineEvent & { type: 'job-ended' })['outcome']): void {
    const { jobId, priority, queued_ms } = row;
    const release = { name: row.releaseName, version: row.releaseVersion };
    const begun_ms = jobs.startedAt_ms(jobId) ?? queued_ms;
    deps.onEvent({ type: 'job-ended', jobId, release, priority, outcome, queued_ms, begun_ms, ended_ms: now() });
  }

  async function move(row: JobRow, event: JobEvent): Promise<JobRow> {
    const to = next(row, event);
    await jobs.move(row, to, now());
    return { ...row, job: to };
  }

  function track(work: Promise<void>): void {
    const tracked = work.finally(() => writing.delete(tracked));
    writing.add(tracked);
  }

  const wake = (): void => {
    if (!stopped) loop.wake();
  };

  return {
    wake,
    start: () => loop.start(),
    /** The engine is stopped by its owner, before or at the same time: an attempt ends only with its worker. */
    async stop() {
      stopped = true;
      await loop.stop();
      await engine.stop();
      await Promise.all(writing);
    },
  };
}

const same = (a: BalancedJob, b: BalancedJob): boolean => JSON.stringify(a) === JSON.stringify(b);

function workerTask(chunk: ChunkTask, ref: JobRef, job: WorkerJob): WorkerTask {
  if (chunk.type === 'items') return { ...chunk, ref };
  if (chunk.type === 'tensors') throw new Error('a job is no request');
  return { ...chunk, ref, job };
}

function next(row: JobRow, event: JobEvent): Job {
  const stepped = step(row.job, event);
  if (!stepped.ok) throw new Error(`job ${row.jobId}: ${stepped.error}`);
  return stepped.value;
}

const serversOf = (remote: readonly RemoteOrigin[]): string =>
  [...new Set(remote.map(({ server }) => server))].join(' ');
