import { expect, it } from 'vitest';
import type { EventName } from '@collimator/shared/events/registry';
import type { TraceFacts } from '../../store/sqlite-trace-facts.ts';
import type { StageSpan } from './span.ts';
import { createStudyTracer } from './study-tracer.ts';

// What a real study gives is tested in test/integration/traces.

const job = {
  ...{ jobId: 7, revisionId: 3, release: 'lung', version: '1.0.0' },
  ...{ queued_ms: 20, started_ms: 30, starts: 1, ended_ms: null, code: null },
};
const revision = { revisionId: 3, study: 2, number: 1, firstReceived_ms: 0, lastReceived_ms: 10, completed_ms: 20 };
const facts: TraceFacts = {
  revision: () => revision,
  job: () => job,
  delivery: () => undefined,
  jobs: () => [],
  deliveries: () => [],
  isDone: () => false,
};

function tracerOf(some: Partial<TraceFacts> = {}) {
  const spans: StageSpan[] = [];
  const logged: { readonly name: EventName; readonly fields: unknown }[] = [];
  const log = { event: (name: EventName, fields?: unknown) => void logged.push({ name, fields }) };
  let look = (): void => undefined;
  const tracer = createStudyTracer({
    ...{ facts: { ...facts, ...some }, serial: 'RAD-1', ratio: 1, log, now: () => 100 },
    offer: (span) => void spans.push(span),
    every(_, run) {
      look = run;
      return () => undefined;
    },
  });
  return { tracer, spans, logged, log: tracer.watch(log), look: () => look() };
}

it('never lets a fault of its own reach the stage that it watches, and tells of it once', () => {
  const broken = () => {
    throw new Error('no such table, says Jane Doe');
  };
  const { log, logged } = tracerOf({ revision: broken });
  for (const revision of [3, 4, 5])
    log.event('study-complete', { study: 2, revision, number: 1, series: 1, jobs: 1, waiting: 0 });
  expect(logged.map(({ name }) => name)).toEqual([
    'study-complete',
    'traces-failed',
    'study-complete',
    'study-complete',
  ]);
  expect(JSON.stringify(logged)).not.toContain('Jane');
});

it('makes no span of an event without times', () => {
  const { tracer, log, spans, logged } = tracerOf();
  log.event('job-started', { job: 7, device: 'gpu-0', attempt: 1, slices: 4 });
  tracer.observe({
    ...{ type: 'task-ended', jobId: 7, task: 'items', device: 'gpu-0', outcome: 'success', items: 1, priority: 2 },
    ...{ release: { name: 'lung', version: '1.0.0' }, ready_ms: 20, begun_ms: 25, ended_ms: Number.NaN },
  });
  expect(spans.map(({ name }) => name)).toEqual(['receive', 'assemble', 'queue']);
  expect(logged.map(({ name }) => name)).toEqual(['job-started', 'traces-failed']);
});

it('tells of so many tasks of one attempt and no more, and begins the attempt no later than the first of them', () => {
  const { tracer, log, spans } = tracerOf();
  log.event('job-started', { job: 7, device: 'gpu-0', attempt: 1, slices: 4 });
  for (let i = 0; i < 300; i++)
    tracer.observe({
      ...{ type: 'task-ended', jobId: 7, task: 'items', device: 'gpu-0', outcome: 'success', items: 1, priority: 2 },
      ...{ release: { name: 'lung', version: '1.0.0' }, ready_ms: 20, begun_ms: 25, ended_ms: 50 },
    });
  log.event('job-inferred', { job: 7, device: 'gpu-0' });
  const items = spans.filter(({ name }) => name === 'items');
  expect(items).toHaveLength(256);
  expect(new Set(items.map(({ spanId }) => spanId)).size).toBe(256);
  expect(spans.find(({ name }) => name === 'infer')?.start_ms).toBe(25);
});

it('ends a study once nothing of it was under way at two looks, and only once', () => {
  let done = false;
  const { log, spans, look } = tracerOf({ isDone: () => done });
  const complete = () =>
    log.event('study-complete', { study: 2, revision: 3, number: 1, series: 1, jobs: 1, waiting: 0 });
  const roots = () => spans.filter(({ name }) => name === 'study').length;
  complete();
  look();
  done = true;
  look();
  expect(roots()).toBe(0);
  look();
  expect(roots()).toBe(1);
  complete();
  look();
  look();
  expect(roots()).toBe(1);
  expect(spans.map(({ name }) => name)).toEqual(['receive', 'assemble', 'study']);
});
