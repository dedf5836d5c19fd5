import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AVOID_WAIT_MS } from '../infer/engine.ts';
import { UNATTESTED_WAIT_MS } from '../infer/unattested.ts';
import { createEngineWorld, type Story } from './testing/engine-world.ts';

const which = fc.nat(20);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const story: fc.Arbitrary<Story> = fc.oneof(
  often(4, fc.record({ type: fc.constant('job' as const), slices: fc.integer({ min: 1, max: 20 }) })),
  often(
    14,
    fc.record({
      ...{ type: fc.constant('answer' as const), which },
      as: fc.oneof(
        often(10, fc.constant('well' as const)),
        often(7, fc.constantFrom('permanent', 'transient', 'memory', 'unsound', 'server', 'changed')),
      ),
    }),
  ),
  often(3, fc.record({ type: fc.constant('worker' as const), which, how: fc.constantFrom('crashed', 'stuck') })),
  often(1, fc.record({ type: fc.constant('supersede' as const), which })),
  often(1, fc.record({ type: fc.constant('attested' as const), attested: fc.boolean() })),
  often(1, fc.record({ type: fc.constant('away' as const), which, away: fc.boolean() })),
  often(1, fc.constant({ type: 'power-cut' as const })),
  often(
    3,
    fc.record({ type: fc.constant('time' as const), ms: fc.oneof(fc.nat(3_000), fc.constant(UNATTESTED_WAIT_MS)) }),
  ),
);

const HANG_GUARD_MS = 300_000;

describe('jobs of an appliance whose workers and power fail at any moment', () => {
  it('each end in exactly one result, one named failure, or void', { timeout: HANG_GUARD_MS }, async () => {
    const ends = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(story, { minLength: 3, maxLength: 60 }), async (stories) => {
        const world = createEngineWorld();
        for (const one of stories) await world.happen(one);
        await world.settle();
        expect(world.tasksOpen()).toBe(0);
        for (const { jobId, job } of world.table.rows.values()) {
          const { state, failure } = job;
          expect(['inferred', 'failed', 'superseded']).toContain(state);
          expect(world.table.finished.get(jobId) ?? 0).toBe(state === 'inferred' ? 1 : 0);
          expect(failure?.code ?? '').toMatch(state === 'failed' ? /^[a-z-]+$/ : /^/);
          const how = failure?.class ?? state;
          ends.set(how, (ends.get(how) ?? 0) + 1);
        }
        expect(world.events).not.toContain('study-stage-failed');
      }),
      { numRuns: 2_000 },
    );
    expect([...ends.keys()].toSorted()).toEqual(['inferred', 'permanent', 'poison', 'superseded', 'transient']);
  });

  it('are poison when workers died of them three times, also over a restart', async () => {
    const world = createEngineWorld();
    await world.happen({ type: 'job', slices: 4 });
    await world.happen({ type: 'worker', which: 0, how: 'crashed' });
    await world.happen({ type: 'worker', which: 0, how: 'stuck' });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'running', starts: 1, attempts: 2 });
    await world.happen({ type: 'power-cut' });
    await world.happen({ type: 'worker', which: 0, how: 'crashed' });
    await world.settle();
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'failed', failure: { class: 'poison' } });
  });

  it('are run again from their plan after a power cut, under a new start', async () => {
    const world = createEngineWorld();
    await world.happen({ type: 'job', slices: 8 });
    await world.happen({ type: 'answer', which: 0, as: 'well' });
    await world.happen({ type: 'answer', which: 0, as: 'well' });
    await world.happen({ type: 'power-cut' });
    await world.settle();
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'inferred', starts: 2, attempts: 0, interruptions: 1 });
    expect(world.table.finished.get(1)).toBe(1);
  });

  it.each(['queued', 'running'])(
    'are refused by name when only unattested models are left, %s or not',
    async (state) => {
      const world = createEngineWorld();
      if (state === 'queued') await world.happen({ type: 'attested', attested: false });
      for (let job = 0; job < 40; job++) await world.happen({ type: 'job', slices: 4 });
      await world.happen({ type: 'attested', attested: false });
      await world.happen({ type: 'time', ms: UNATTESTED_WAIT_MS - 1 });
      const jobs = () => [...world.table.rows.values()].map(({ job }) => job);
      expect(jobs().every((job) => job.state === 'queued' || job.state === 'running')).toBe(true);
      for (let pass = 0; pass < 20; pass++) await world.happen({ type: 'time', ms: 1_000 });
      const failure: unknown = expect.objectContaining({ class: 'permanent', code: 'remote-model-unattested' });
      for (const job of jobs()) expect(job).toMatchObject({ state: 'failed', failure });
      await world.happen({ type: 'attested', attested: true });
      await world.happen({ type: 'job', slices: 4 });
      await world.settle();
      expect(jobs().at(-1)?.state).toBe('inferred');
    },
  );

  it('go back to a device that gave them what cannot be when the others are gone for long', async () => {
    const world = createEngineWorld();
    for (const which of [1, 2]) await world.happen({ type: 'away', which, away: true });
    await world.happen({ type: 'job', slices: 4 });
    await world.happen({ type: 'away', which: 1, away: false });
    await world.happen({ type: 'answer', which: 0, as: 'unsound' });
    await world.happen({ type: 'time', ms: 1_000 });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'running', starts: 2, attempts: 1 });
    await world.happen({ type: 'away', which: 1, away: true });
    await world.happen({ type: 'time', ms: AVOID_WAIT_MS - 1 });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'running', starts: 2 });
    await world.happen({ type: 'time', ms: 1 });
    for (let tasks = 0; tasks < 3; tasks++) await world.happen({ type: 'answer', which: 0, as: 'well' });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'inferred', starts: 3 });
  });

  it('wait for a model that is attested in time', async () => {
    const world = createEngineWorld();
    await world.happen({ type: 'attested', attested: false });
    await world.happen({ type: 'job', slices: 4 });
    for (const attested of [true, false, true]) {
      await world.happen({ type: 'time', ms: UNATTESTED_WAIT_MS - 1 });
      await world.happen({ type: 'attested', attested });
    }
    await world.settle();
    expect(world.table.rows.get(1)?.job.state).toBe('inferred');
  });

  it('are not held against them where a server failed, unless it is again and again', async () => {
    const world = createEngineWorld();
    await world.happen({ type: 'job', slices: 4 });
    for (let failures = 0; failures < 20; failures++) await world.happen({ type: 'answer', which: 0, as: 'server' });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'running', starts: 1, attempts: 0 });
    await world.happen({ type: 'answer', which: 0, as: 'server' });
    expect(world.table.rows.get(1)?.job).toMatchObject({ state: 'queued', attempts: 1 });
    await world.settle();
    expect(world.table.rows.get(1)?.job.state).toBe('inferred');
  });
});
