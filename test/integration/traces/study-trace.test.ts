import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OnEngineEvent } from '@collimator/edge-agent/study/infer/engine-events';
import { spanIdOf, traceIdOf } from '@collimator/edge-agent/observe/traces/trace-ids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OtlpReceiver, type ReceivedSpan, startOtlpReceiver } from '../../fakes/otlp-receiver.ts';
import { mrSeries, send } from '../study-way/mr-series.ts';
import { startPacs, startAgentProgram } from '../study-way/programs.ts';
import { writeRelease } from '../study-way/release-folder.ts';
import { createStudyWorld, settled, type StudyWorld } from '../study-way/study-world.ts';

const names = (spans: readonly ReceivedSpan[]): string[] => spans.map(({ name }) => name).toSorted();

/** How a job is cut into tasks is the scheduler's business. */
const isTask = (name: string): boolean => ['plan', 'items', 'conclude'].includes(name);
const stagesOf = (spans: readonly ReceivedSpan[]): string[] => names(spans).filter((name) => !isTask(name));

/** Every span has its parent in the same trace, and lies within it; there is one without. */
function expectNested(spans: readonly ReceivedSpan[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  expect(byId.size).toBe(spans.length);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ name }) => name)).toEqual(['study']);
  for (const span of spans) {
    expect(span.start <= span.end, span.name).toBe(true);
    if (span.parentSpanId === undefined) continue;
    const parent = byId.get(span.parentSpanId);
    expect(parent, `parent of ${span.name}`).toBeDefined();
    if (parent === undefined) continue;
    expect(parent.start <= span.start, `${span.name} begins within ${parent.name}`).toBe(true);
    expect(span.end <= parent.end, `${span.name} ends within ${parent.name}`).toBe(true);
  }
}

describe('the trace of a study', () => {
  let world: StudyWorld;
  let collector: OtlpReceiver;
  beforeEach(async () => {
    world = await createStudyWorld();
    collector = await startOtlpReceiver();
    world.endWith(() => collector.close());
  });
  afterEach(() => world.close());

  const whole = () => vi.waitFor(() => expect(collector.spans().some(({ name }) => name === 'study')).toBe(true));

  it('holds all its stages, nested in time', async () => {
    const headers = join(world.folder, 'headers');
    writeFileSync(headers, 'Authorization: Bearer a-token-of-the-collector\nX-Scope: hospital\n', { mode: 0o600 });
    const agent = await world.agentWith({ traces: { endpoint: collector.endpoint, headers_file: headers } });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    await whole();
    const spans = collector.spans();
    expect(stagesOf(spans)).toEqual(['assemble', 'deliver', 'deliver', 'infer', 'job', 'queue', 'receive', 'study']);
    expect(new Set(names(spans).filter(isTask))).toEqual(new Set(['plan', 'items', 'conclude']));
    expectNested(spans);
    expect(spans[0]?.traceId).toBe(traceIdOf('TEST-1', 1, 1));
    expect(spans.filter(({ failed }) => failed)).toEqual([]);
    const of = (name: string) => spans.find((span) => span.name === name)?.attributes;
    expect(of('study')).toEqual({ 'collimator.study.key': 1, 'collimator.study.revision': 1 });
    expect(of('infer')).toEqual({
      'collimator.job.id': 1,
      'collimator.job.attempt': 1,
      'collimator.release.name': 'bright-region',
      'collimator.release.version': '1.0.0',
    });
    expect(of('plan')?.['collimator.device.name']).toBe('cpu-0');
    expect(of('deliver')).toMatchObject({ 'collimator.destination.name': 'pacs', 'collimator.delivery.attempts': 1 });
    expect(spans[0]?.resource).toMatchObject({ 'service.name': 'collimator-agent', 'service.instance.id': 'TEST-1' });
    expect(collector.headers()[0]).toMatchObject({
      authorization: 'Bearer a-token-of-the-collector',
      'x-scope': 'hospital',
    });
    const patient = mrSeries({ study: 'a', slices: 1 })[0]?.sopInstanceUid ?? '2.25';
    expect(collector.bodies().join()).not.toContain(patient);
    expect(collector.bodies().join()).not.toContain('2.25.');
  });

  it('says what went wrong, by its code', async () => {
    const agent = await world.agentWith({ traces: { endpoint: collector.endpoint } });
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 3 }),
      ...mrSeries({ study: 'a', from: 6, slices: 3 }), // three slices are missing in between
    ]);
    await world.arrived(1);
    await whole();
    expectNested(collector.spans());
    const failed = collector.spans().filter((span) => span.failed);
    expect(failed.map(({ name, attributes }) => `${name} ${attributes['error.type']}`).toSorted()).toEqual([
      'infer series-gap',
      'job series-gap',
      'plan task-failure',
    ]);
  });

  it('holds the tasks that the engine tells of, on whichever device', async () => {
    let tell: OnEngineEvent = () => undefined;
    const tellTasks = (): void => {
      const of = { type: 'task-ended', jobId: 1, release: { name: 'bright-region', version: '1.0.0' } } as const;
      const times = { ready_ms: Date.now() - 2, begun_ms: Date.now() - 1, ended_ms: Date.now() };
      const items = { ...of, ...times, task: 'items', priority: 2 } as const;
      tell({ ...items, device: 'gpu-0', items: 4, outcome: 'success' });
      tell({ ...items, device: 'gpu-1', items: 2, outcome: 'lost' });
    };
    const agent = await world.agentWith({
      traces: { endpoint: collector.endpoint },
      observeEngine: (observe) => {
        tell = observe;
      },
      log: {
        event(name) {
          if (name === 'job-inferred') tellTasks();
        },
      },
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    await whole();
    const told = ({ attributes }: ReceivedSpan): boolean =>
      String(attributes['collimator.device.name']).startsWith('gpu-');
    const items = collector.spans().filter((span) => span.name === 'items' && told(span));
    expect(items.map(({ attributes }) => attributes['collimator.device.name'])).toEqual(['gpu-0', 'gpu-1']);
    expect(items.map(({ failed }) => failed)).toEqual([false, true]);
    expect(items.map(({ parentSpanId }) => parentSpanId)).toEqual(
      items.map(() => spanIdOf(traceIdOf('TEST-1', 1, 1), 'infer', 1, 1)),
    );
  });

  it.each([
    ['hang', 0],
    [500, 1],
    ['closed', 0],
  ] as const)('holds up no study where the collector answers %s', async (how, toldMin) => {
    if (how === 'closed') await collector.close();
    else collector.answer(how);
    const agent = await world.agentWith({ traces: { endpoint: collector.endpoint } });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    await settled(agent);
    // One that does not answer is waited for longer than the test takes.
    await vi.waitFor(() => expect(world.counted('traces-not-exported')).toBeGreaterThanOrEqual(toldMin));
    expect(collector.spans()).toEqual([]);
    expect(world.counted('traces-failed')).toBe(0);
  });

  it('is not begun for studies outside the part that is followed, and not at all where it is not asked for', async () => {
    const agent = await world.agentWith({ traces: { endpoint: collector.endpoint, sample_ratio: 0 } });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await world.arrived(2);
    await settled(agent);
    // What had been recorded would be sent now at the latest.
    await agent.close();
    expect(collector.headers()).toEqual([]);
  });
});

describe('the trace of a study whose appliance was killed', () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  it.each([
    [
      'job-running',
      [
        [1, 'interrupted'],
        [2, undefined],
      ],
    ],
    ['results-stored', [[1, undefined]]],
  ])('at %s is one', async (checkpoint, attempts) => {
    const folder = mkdtempSync(join(tmpdir(), 'trace-kill-'));
    ends.push(async () => rmSync(folder, { recursive: true }));
    const collector = await startOtlpReceiver();
    ends.push(() => collector.close());
    const pacs = await startPacs(join(folder, 'pacs'));
    ends.push(() => pacs.stop());
    const options = {
      dataDir: join(folder, 'data'),
      destinations: [{ name: 'pacs', port: pacs.port }],
      releases: [await writeRelease(join(folder, 'release'), '1.0.0')],
      traces: { endpoint: collector.endpoint },
    };
    const first = await startAgentProgram(options, {
      COLLIMATOR_KILL_AT: checkpoint,
      COLLIMATOR_KILL_MARKER: join(folder, 'killed'),
    });
    ends.push(() => first.stop('SIGKILL'));
    await send(first.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(first.child.signalCode ?? first.child.exitCode).not.toBeNull());
    const second = await startAgentProgram(options);
    ends.push(() => second.stop());
    await vi.waitFor(() => expect(names(collector.spans())).toContain('study'));
    // What was told before the end may be told again, under the same id.
    const spans = [...new Map(collector.spans().map((span) => [span.spanId, span])).values()];
    const each = attempts.flatMap(() => ['infer', 'queue']);
    const stages = ['assemble', 'deliver', 'deliver', 'job', 'receive', 'study'];
    expect(stagesOf(spans)).toEqual([...stages, ...each].toSorted());
    expect(new Set(collector.spans().map(({ traceId }) => traceId))).toEqual(new Set([traceIdOf('TEST-1', 1, 1)]));
    const told = spans.filter(({ name }) => name === 'infer').map(({ attributes }) => attributes);
    expect(told.map((one) => [one['collimator.job.attempt'], one['error.type']])).toEqual(attempts);
  });
});
