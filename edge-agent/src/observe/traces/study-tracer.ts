import type { Log } from '@collimator/shared/observe/log';
import type { JobFacts, TraceFacts } from '../../store/sqlite-trace-facts.ts';
import type { EngineEvent } from '../../study/infer/engine-events.ts';
import type { Every } from '../../timers.ts';
import { codeOf, placeOf } from '../code-of.ts';
import { createRepeatedEvent } from '../repeated-event.ts';
import { createRecent } from './recent.ts';
import type { StageSpan } from './span.ts';
import {
  arrivalSpans,
  type Attempt,
  deliverSpan,
  inferSpan,
  jobSpan,
  queueSpan,
  studySpan,
  taskSpan,
  type TracedRevision,
} from './study-spans.ts';
import { isSampled, spanIdOf, traceIdOf } from './trace-ids.ts';

export type StudyTracer = {
  /** The same log; what goes through it becomes spans. */
  watch(log: Log): Log;
  observe(event: EngineEvent): void;
  stop(): void;
};

export type StudyTracerDeps = {
  readonly facts: TraceFacts;
  readonly serial: string;
  /** Part of the studies that are followed, 0 … 1. */
  readonly ratio: number;
  /** Never waits and never throws. */
  readonly offer: (span: StageSpan) => void;
  readonly now: () => number;
  readonly every: Every;
  readonly log: Log;
};

/** Studies and jobs that are remembered at a time; one beyond them lacks a span or tells it twice, and no more. */
const REMEMBERED_MAX = 4_096;
/** Spans of one attempt: a volume of thousands of slices says no more with each of them. */
const TASK_SPANS_MAX = 256;
/** Whether a study is done with is asked of the database so often, and of so many at a time. */
const LOOK_MS = 1_000;
const LOOKS_MAX = 64;
const FAULT_EVERY_MS = 600_000;

type Open = { readonly of: TracedRevision; last_ms: number; done: boolean };
type Running = { readonly traceId: string; readonly open: Open; attempt: Attempt; tasks: number };

/**
 * Follows studies by the events that say what was done, and by what the database knows of them; no stage knows of it.
 * Each span is told when it has ended; that of a whole study when nothing of it is under way any more.
 */
export function createStudyTracer(deps: StudyTracerDeps): StudyTracer {
  const { facts, offer, now } = deps;
  const open = createRecent<number, Open>(REMEMBERED_MAX);
  const told = createRecent<string, true>(REMEMBERED_MAX * 4);
  const running = createRecent<number, Running>(REMEMBERED_MAX);
  const requeued_ms = createRecent<number, number>(REMEMBERED_MAX);
  const faults = createRepeatedEvent(FAULT_EVERY_MS, 16, now);

  /** The revision's trace; undefined for one that is not followed. */
  function opened(revisionId: number): Open | undefined {
    const known = open.get(revisionId);
    if (known !== undefined) return known;
    const row = facts.revision(revisionId);
    if (row === undefined) return undefined;
    const traceId = traceIdOf(deps.serial, row.study, row.number);
    if (!isSampled(traceId, deps.ratio)) return undefined;
    const fresh = { of: { ...row, traceId }, last_ms: row.completed_ms, done: false };
    open.set(revisionId, fresh);
    for (const span of arrivalSpans(fresh.of)) tell(fresh, span);
    return fresh;
  }

  /** Each span once, as far as is remembered. */
  function tell(of: Open, span: StageSpan): void {
    if (told.has(span.spanId)) return;
    if (!Number.isFinite(span.start_ms) || !Number.isFinite(span.end_ms)) throw new Error(`${span.name} has no time`);
    told.set(span.spanId, true);
    of.last_ms = Math.max(of.last_ms, span.end_ms);
    offer(span);
  }

  function started(jobId: number, attempt: number, device: string | undefined): void {
    const job = facts.job(jobId);
    const of = job === undefined ? undefined : opened(job.revisionId);
    if (job === undefined || of === undefined) return;
    const { traceId } = of.of;
    const at = { attempt, start_ms: job.started_ms ?? now(), ...(device !== undefined && { device }) };
    running.set(jobId, { traceId, open: of, attempt: at, tasks: 0 });
    tell(of, queueSpan(traceId, job, requeued_ms.get(jobId) ?? job.queued_ms, at));
    requeued_ms.delete(jobId);
  }

  /** An attempt is over. One that this process knows nothing of was begun by the last one. */
  function attemptEnded(job: JobFacts, of: Open, end_ms: number, error: string | undefined): void {
    const { traceId } = of.of;
    const known = running.get(job.jobId)?.attempt;
    running.delete(job.jobId);
    const attempt = known ?? (job.started_ms === null ? undefined : { attempt: job.starts, start_ms: job.started_ms });
    if (attempt === undefined) return;
    if (attempt.attempt === 1) tell(of, queueSpan(traceId, job, job.queued_ms, attempt));
    tell(of, inferSpan(traceId, job, attempt, end_ms, error));
  }

  function ended(jobId: number, error: string | undefined, final: boolean): void {
    const job = facts.job(jobId);
    const of = job === undefined ? undefined : opened(job.revisionId);
    if (job === undefined || of === undefined) return;
    attemptEnded(job, of, now(), error);
    if (final) tell(of, jobSpan(of.of.traceId, job, now(), error));
    else requeued_ms.set(jobId, now());
  }

  function delivered(deliveryId: number, error?: string): void {
    const row = facts.delivery(deliveryId);
    const of = row === undefined ? undefined : opened(row.revisionId);
    if (row !== undefined && of !== undefined) tell(of, deliverSpan(of.of.traceId, row, now(), error));
  }

  function follow(name: string, fields: Readonly<Record<string, unknown>>): void {
    const number = (field: string): number => Number(fields[field]);
    const code = typeof fields['code'] === 'string' ? fields['code'] : name;
    switch (name) {
      case 'study-complete':
      // A series that did not wait for its study has a revision of its own.
      case 'series-selected':
        return void opened(number('revision'));
      case 'job-started': {
        const device = fields['device'];
        return started(number('job'), number('attempt'), typeof device === 'string' ? device : undefined);
      }
      case 'job-inferred':
        return ended(number('job'), undefined, true);
      case 'job-requeued':
        return ended(number('job'), code, false);
      case 'job-failed':
      case 'job-superseded':
        return ended(number('job'), code, true);
      case 'delivery-sent':
        return delivered(number('delivery'));
      case 'delivery-failed':
        return delivered(number('delivery'), code);
    }
  }

  function taskEnded(event: Extract<EngineEvent, { type: 'task-ended' }>): void {
    const { jobId, task } = event;
    const at = jobId === undefined ? undefined : running.get(jobId);
    const job = jobId === undefined || at === undefined ? undefined : facts.job(jobId);
    if (at === undefined || job === undefined || task === 'tensors' || at.tasks >= TASK_SPANS_MAX) return;
    at.tasks += 1;
    // An attempt begins no later than its first task, whoever says so first.
    at.attempt = { ...at.attempt, start_ms: Math.min(at.attempt.start_ms, event.begun_ms) };
    tell(at.open, taskSpan(at.traceId, job, at.attempt.attempt, { ...event, task }, at.tasks));
  }

  /** What nobody has told of: events of a process that was killed are not logged again. */
  function catchUp(revisionId: number, of: Open): void {
    const { traceId } = of.of;
    for (const job of facts.jobs(revisionId)) {
      if (job.ended_ms === null || told.has(spanIdOf(traceId, 'job', job.jobId))) continue;
      attemptEnded(job, of, job.ended_ms, job.code ?? undefined);
      tell(of, jobSpan(traceId, job, job.ended_ms, job.code ?? undefined));
    }
    for (const one of facts.deliveries(revisionId))
      if (one.sent_ms !== null) tell(of, deliverSpan(traceId, one, one.sent_ms));
  }

  /**
   * Ends the studies of which nothing is under way any more. What is in the database is told a moment later, so this is
   * looked at twice.
   */
  function look(looks: 1 | 2): void {
    for (const [revisionId, of] of open.entries().slice(0, LOOKS_MAX)) {
      const done = facts.isDone(revisionId);
      open.delete(revisionId);
      if (done && (of.done || looks === 1)) {
        catchUp(revisionId, of);
        tell(of, studySpan(of.of, of.last_ms));
      } else {
        of.done = done;
        open.set(revisionId, of);
      }
    }
  }

  /** A fault of ours must not reach the stage whose event it was. */
  function safely(run: () => void): void {
    try {
      run();
    } catch (error) {
      const left = faults.pass(codeOf(error));
      if (left !== undefined)
        deps.log.event('traces-failed', { code: codeOf(error), place: placeOf(error), not_logged: left });
    }
  }

  const stopLooking = deps.every(LOOK_MS, () => safely(() => look(2)));
  return {
    watch: (log) => ({
      event(name, fields) {
        log.event(name, fields);
        safely(() => follow(name, fields ?? {}));
      },
    }),
    observe(event) {
      if (event.type === 'task-ended') safely(() => taskEnded(event));
    },
    stop() {
      stopLooking();
      safely(() => look(1));
    },
  };
}
