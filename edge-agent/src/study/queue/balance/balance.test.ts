import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCostModel } from '../schedule/cost-model.ts';
import { createScheduler } from '../schedule/create-scheduler.ts';
import { createFifoScheduler } from '../testing/fifo-scheduler.ts';
import { createBalanceWorld, type Happening } from './testing/balance-world.ts';

const which = fc.nat(20);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  often(
    4,
    fc.record({
      ...{ type: fc.constant('job' as const), release: fc.nat(1), items: fc.integer({ min: 1, max: 40 }) },
      ...{ stages: fc.integer({ min: 1, max: 3 }), request: fc.boolean(), deaths: fc.nat(2) },
    }),
  ),
  often(8, fc.constant({ type: 'next' as const })),
  often(6, fc.record({ type: fc.constant('written' as const), which, go: fc.boolean() })),
  often(
    10,
    fc.record({
      ...{ type: fc.constant('answer' as const), which },
      as: fc.oneof(
        often(8, fc.constant('well' as const)),
        often(4, fc.constantFrom('permanent', 'transient', 'memory', 'unsound')),
      ),
    }),
  ),
  often(
    8,
    fc.record({ type: fc.constant('lost' as const), which, how: fc.constantFrom('crashed', 'stuck', 'innocent') }),
  ),
  often(1, fc.record({ type: fc.constant('drop' as const), which })),
  often(4, fc.record({ type: fc.constant('slot' as const), device: fc.nat(5), release: fc.nat(2), up: fc.boolean() })),
  often(1, fc.constant({ type: 'strand' as const })),
  often(2, fc.record({ type: fc.constant('time' as const), ms: fc.nat(5_000) })),
);

const schedulers = {
  'the scheduler that learns': () => createScheduler({ costs: createCostModel() }),
  'one that takes what comes first': createFifoScheduler,
};

describe.each(Object.entries(schedulers))('jobs on devices that do anything, with %s', (_, create) => {
  it('end exactly once, each item is done once, and no slot has two tasks', () => {
    const ends = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(happening, { minLength: 5, maxLength: 120, size: 'max' }), (happenings) => {
        const world = createBalanceWorld(create());
        for (const event of happenings) world.happen(event);
        world.settle();
        expect(world.left()).toEqual({ waiting: 0, running: 0 });
        for (const { outcome, end } of world.jobs.values()) {
          expect(outcome).toBeDefined();
          const how = end?.how ?? outcome ?? '';
          ends.set(how, (ends.get(how) ?? 0) + 1);
        }
      }),
      { numRuns: 2_000 },
    );
    // The sequences reach every way that a job can end.
    const ways = [
      'answered',
      'dropped',
      'inferred',
      'interrupted',
      'permanent',
      'poison',
      'refused',
      'suspect',
      'transient',
    ];
    expect([...ends.keys()].toSorted()).toEqual(ways);
  });
});

describe('a job that a worker died of', () => {
  it('goes on at once with what was lost, and is poison after the third death', () => {
    const world = createBalanceWorld(createFifoScheduler());
    world.happen({ type: 'job', release: 0, items: 9, stages: 1, request: false });
    const [job] = world.jobs.values();
    for (let death = 1; death <= 3; death++) {
      expect(job?.outcome).toBeUndefined();
      world.happen({ type: 'slot', device: 0, release: 2, up: true });
      world.happen({ type: 'next' });
      world.happen({ type: 'written', which: 0, go: true });
      world.happen({ type: 'lost', which: 0, how: 'crashed' });
    }
    expect(job?.end).toMatchObject({ how: 'poison', code: 'inference-worker-died' });
  });

  it('is not poison because all workers that were at it died together', () => {
    const world = createBalanceWorld(createFifoScheduler());
    world.happen({ type: 'job', release: 0, items: 40, stages: 1, request: false });
    for (const device of [0, 1, 2, 0, 1]) world.happen({ type: 'slot', device, release: 2, up: true });
    world.happen({ type: 'next' });
    world.happen({ type: 'written', which: 0, go: true });
    world.happen({ type: 'answer', which: 0, as: 'well' });
    world.happen({ type: 'next' });
    for (let worker = 0; worker < 5; worker++) world.happen({ type: 'lost', which: 0, how: 'crashed' });
    const [job] = world.jobs.values();
    expect(job).toMatchObject({ outcome: undefined, deaths: 1 });
    world.settle();
    expect(job?.end).toMatchObject({ how: 'inferred' });
  });

  it('is nobody’s death when the worker was gone before', () => {
    const world = createBalanceWorld(createFifoScheduler());
    world.happen({ type: 'job', release: 0, items: 9, stages: 1, request: false });
    world.happen({ type: 'slot', device: 0, release: 2, up: true });
    for (let time = 0; time < 5; time++) {
      world.happen({ type: 'next' });
      world.happen({ type: 'written', which: 0, go: true });
      world.happen({ type: 'lost', which: 0, how: 'innocent' });
    }
    world.settle();
    expect([...world.jobs.values()][0]).toMatchObject({ deaths: 0, end: { how: 'inferred' } });
  });
});
