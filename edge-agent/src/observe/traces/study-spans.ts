import type { TaskTimes } from '../../study/infer/tasks.ts';
import type { StageSpan } from './span.ts';
import { spanIdOf } from './trace-ids.ts';

/** A revision of a study and the trace that it has. */
export type TracedRevision = {
  readonly traceId: string;
  readonly revisionId: number;
  readonly study: number;
  readonly number: number;
  readonly firstReceived_ms: number;
  readonly lastReceived_ms: number;
  readonly completed_ms: number;
};

export type TracedJob = {
  readonly jobId: number;
  readonly release: string;
  readonly version: string;
  readonly queued_ms: number;
};

export type Attempt = { readonly attempt: number; readonly start_ms: number; readonly device?: string };

type Times = { readonly start_ms: number; readonly end_ms: number; readonly error?: string | undefined };

const rootId = (traceId: string): string => spanIdOf(traceId, 'study');
const jobId = (traceId: string, job: number): string => spanIdOf(traceId, 'job', job);
const inferId = (traceId: string, job: number, attempt: number): string => spanIdOf(traceId, 'infer', job, attempt);

/** A span never ends before it starts, whatever clocks say. */
function span(
  of: Pick<StageSpan, 'traceId' | 'spanId' | 'parentSpanId' | 'name' | 'attributes'>,
  { start_ms, end_ms, error }: Times,
  kind: StageSpan['kind'] = 'internal',
): StageSpan {
  return { ...of, kind, start_ms, end_ms: Math.max(start_ms, end_ms), ...(error !== undefined && { error }) };
}

const studyAttributes = ({ study, number }: TracedRevision) => ({
  'collimator.study.key': study,
  'collimator.study.revision': number,
});

const jobAttributes = ({ jobId, release, version }: TracedJob) => ({
  'collimator.job.id': jobId,
  'collimator.release.name': release,
  'collimator.release.version': version,
});

/** From the first image to the last thing that was done for the study. */
export const studySpan = (of: TracedRevision, end_ms: number): StageSpan =>
  span(
    {
      traceId: of.traceId,
      spanId: rootId(of.traceId),
      parentSpanId: undefined,
      name: 'study',
      attributes: studyAttributes(of),
    },
    { start_ms: of.firstReceived_ms, end_ms },
  );

/** First to last image, and from there to the study's being complete. */
export const arrivalSpans = (of: TracedRevision): readonly StageSpan[] => {
  const part = (name: 'receive' | 'assemble') => ({
    ...{ traceId: of.traceId, spanId: spanIdOf(of.traceId, name), parentSpanId: rootId(of.traceId), name },
    attributes: studyAttributes(of),
  });
  return [
    span(part('receive'), { start_ms: of.firstReceived_ms, end_ms: of.lastReceived_ms }, 'server'),
    span(part('assemble'), { start_ms: of.lastReceived_ms, end_ms: of.completed_ms }),
  ];
};

export const jobSpan = (traceId: string, job: TracedJob, end_ms: number, error?: string): StageSpan =>
  span(
    {
      ...{ traceId, spanId: jobId(traceId, job.jobId), parentSpanId: rootId(traceId), name: 'job' },
      attributes: jobAttributes(job),
    },
    { start_ms: job.queued_ms, end_ms, error },
  );

/** Until a worker began: from the making of the job, or from when it came back into the queue. */
export const queueSpan = (traceId: string, job: TracedJob, since_ms: number, to: Attempt): StageSpan =>
  span(
    {
      ...{
        traceId,
        spanId: spanIdOf(traceId, 'queue', job.jobId, to.attempt),
        parentSpanId: jobId(traceId, job.jobId),
      },
      name: 'queue',
      attributes: { ...jobAttributes(job), 'collimator.job.attempt': to.attempt },
    },
    { start_ms: since_ms, end_ms: to.start_ms },
  );

/** One attempt at a job, whatever came of it. */
export const inferSpan = (traceId: string, job: TracedJob, of: Attempt, end_ms: number, error?: string): StageSpan =>
  span(
    {
      ...{ traceId, spanId: inferId(traceId, job.jobId, of.attempt), parentSpanId: jobId(traceId, job.jobId) },
      name: 'infer',
      attributes: {
        ...jobAttributes(job),
        'collimator.job.attempt': of.attempt,
        ...(of.device !== undefined && { 'collimator.device.name': of.device }),
      },
    },
    { start_ms: of.start_ms, end_ms, error },
  );

export type TracedTask = {
  readonly task: 'plan' | 'items' | 'conclude';
  readonly device: string;
  readonly outcome: 'success' | 'failure' | 'lost';
  readonly items: number;
  readonly ready_ms: number;
  readonly begun_ms: number;
  readonly ended_ms: number;
  readonly times?: TaskTimes;
};

/** A piece of an attempt. @param ordinal which one of the attempt; tasks have no keys of their own */
export const taskSpan = (
  traceId: string,
  job: TracedJob,
  attempt: number,
  task: TracedTask,
  ordinal: number,
): StageSpan => ({
  ...span(
    {
      ...{ traceId, spanId: spanIdOf(traceId, task.task, job.jobId, attempt, task.begun_ms, ordinal) },
      ...{ parentSpanId: inferId(traceId, job.jobId, attempt), name: task.task },
      attributes: {
        'collimator.job.id': job.jobId,
        'collimator.device.name': task.device,
        'collimator.items': task.items,
        'collimator.wait_ms': Math.max(0, task.begun_ms - task.ready_ms),
        ...Object.fromEntries(Object.entries(task.times ?? {}).map(([step, ms]) => [`collimator.${step}`, ms])),
      },
    },
    {
      start_ms: task.begun_ms,
      end_ms: task.ended_ms,
      error: task.outcome === 'success' ? undefined : `task-${task.outcome}`,
    },
  ),
});

export type TracedDelivery = {
  readonly deliveryId: number;
  readonly jobId: number;
  readonly object: string;
  readonly destination: string;
  readonly attempts: number;
  readonly made_ms: number;
};

/** From when a result was on the disk until a destination had it, or never will. */
export const deliverSpan = (traceId: string, of: TracedDelivery, end_ms: number, error?: string): StageSpan =>
  span(
    {
      ...{ traceId, spanId: spanIdOf(traceId, 'deliver', of.deliveryId), parentSpanId: rootId(traceId) },
      name: 'deliver',
      attributes: {
        'collimator.job.id': of.jobId,
        'collimator.delivery.object': of.object,
        'collimator.delivery.attempts': of.attempts,
        'collimator.destination.name': of.destination,
      },
    },
    { start_ms: of.made_ms, end_ms, error },
    'client',
  );
