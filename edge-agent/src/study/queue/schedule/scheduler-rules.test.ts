import { describe, expect, it } from 'vitest';
import { type CostReading, createCostModel } from './cost-model.ts';
import { type BoundedScheduler, createScheduler } from './create-scheduler.ts';
import { defaultPolicy, type SchedulePolicy } from './policy.ts';
import type { ScheduledJob, Slot, Step } from './scheduler.ts';

const key = 'k';
const release = 'r';
const perItem: Readonly<Record<string, number>> = { fast: 10, slow: 40 };
const known: CostReading[] = Object.entries(perItem).map(([device, perItem_ms]) => ({
  ...{ device, key, fixed_ms: 0, perItem_ms, fixedVariance: 1, perItemVariance: 1, covariance: 0 },
  ...{ readings: 50, usualItems: 8 },
}));
/** Two items are worth a run, and take longer than a chunk should. */
const heavy: CostReading = { ...(known[0] as CostReading), key: 'heavy', fixed_ms: 100, perItem_ms: 300 };
const slot = (device: string, number = 0, releases = [release]): Slot => ({
  id: `${device}/${number}`,
  device,
  releases,
});
const step = (items: number, more: Partial<Step> = {}): Step => ({ key, release, items, chunkItemsMax: 8, ...more });

function world(slots: readonly Slot[], policy: Partial<SchedulePolicy> = {}) {
  const scheduler = createScheduler({
    costs: createCostModel({ restore: [...known, heavy] }),
    policy: { ...defaultPolicy, ...policy },
  });
  scheduler.setSlots(slots, 0);
  const add = (id: string, items: number, more: Partial<ScheduledJob> = {}, now_ms = 0): void =>
    scheduler.add({ id, priority: 2, arrival_ms: now_ms, share: 1, steps: [step(items)], ...more }, now_ms);
  return { scheduler, add };
}
const given = (scheduler: BoundedScheduler, now_ms: number): string[] =>
  scheduler.next(now_ms).map(({ slot, chunk: { jobId, from, to } }) => `${slot} ${jobId} ${from}-${to}`);

/** The ids of jobs of one item in the order in which one slot runs them. */
function order(scheduler: BoundedScheduler, now_ms: number): string[] {
  const ids: string[] = [];
  for (;;) {
    const [one] = scheduler.next(now_ms);
    if (one === undefined) return ids;
    if (ids.at(-1) !== one.chunk.jobId) ids.push(one.chunk.jobId);
    scheduler.ended(one.chunk.id, 'done', now_ms + one.expected_ms);
  }
}

describe('the order of jobs', () => {
  it('is by class, STAT first', () => {
    const { scheduler, add } = world([slot('fast')]);
    for (const priority of [3, 1, 2, 0] as const) add(`class ${priority}`, 1, { priority });
    expect(order(scheduler, 0)).toEqual(['class 0', 'class 1', 'class 2', 'class 3']);
  });

  it('within a class is by arrival + 5 × ideal service time', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('10 items, 500 ms', 10, { arrival_ms: 0 });
    add('4 items, 299 + 200 ms', 4, { arrival_ms: 299 });
    add('1 item, 460 + 50 ms', 1, { arrival_ms: 460 });
    expect(order(scheduler, 500)).toEqual(['4 items, 299 + 200 ms', '10 items, 500 ms', '1 item, 460 + 50 ms']);
  });

  it('counts what a job has still to do, expected steps with it, and divides by its share', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('two steps', 2, { steps: [step(2), step(4)] });
    add('three items', 3);
    add('eight items of double share', 8, { share: 2 });
    expect(order(scheduler, 0)).toEqual(['three items', 'eight items of double share', 'two steps']);
  });

  it('never places a job later than the bound after its arrival', () => {
    const { scheduler, add } = world([slot('fast')], { placedLaterMax_ms: 1_000 });
    add('a hundred seconds', 8, { arrival_ms: 0, steps: [step(8), step(10_000)] });
    add('short', 1, { arrival_ms: 1_001 });
    expect(order(scheduler, 1_001)[0]).toBe('a hundred seconds');
  });

  it('gives overdue jobs one chunk of so many, whatever comes', () => {
    const { scheduler, add } = world([slot('fast')], { overdueAfter_ms: { ...defaultPolicy.overdueAfter_ms, 3: 100 } });
    add('background', 16, { priority: 3 });
    for (let n = 0; n < 12; n++) add(`stat ${n}`, 1, { priority: 0 }, 200);
    const classes = Array.from({ length: 8 }, () => {
      const [one] = scheduler.next(200);
      scheduler.ended(one?.chunk.id as number, 'done', 200);
      return one?.chunk.jobId.split(' ')[0];
    });
    expect(classes).toEqual(['stat', 'stat', 'stat', 'background', 'stat', 'stat', 'stat', 'background']);
  });
});

describe('who runs what', () => {
  it('cuts a step so that unequal devices finish together', () => {
    const { scheduler, add } = world([slot('fast'), slot('slow')]);
    add('a', 10);
    expect(given(scheduler, 0)).toEqual(['fast/0 a 0-8', 'slow/0 a 8-10']);
  });

  it('keeps a chunk for a fast slot that is busy when that will be done sooner, and gives the slow one other work', () => {
    const { scheduler, add } = world([slot('fast'), slot('slow', 0, [release, 'other'])]);
    add('a', 1);
    expect(given(scheduler, 0)).toEqual(['fast/0 a 0-1']);
    add('b', 1);
    expect(given(scheduler, 1)).toEqual([]);
    add('c', 1, { steps: [step(1, { release: 'other' })] });
    expect(given(scheduler, 1)).toEqual(['slow/0 c 0-1']);
  });

  it('gives what is left of a job after its chunk was cut a slot of its own before another job gets it', () => {
    const { scheduler, add } = world([slot('fast', 0), slot('fast', 1)]);
    add('other', 8, { priority: 2 });
    add('stat', 3, { priority: 0, steps: [step(3, { key: 'heavy' })] });
    expect(given(scheduler, 0)).toEqual(['fast/0 stat 0-2', 'fast/1 stat 2-3']);
  });

  it('takes a free slot rather than an equal one whose chunk is due this very moment', () => {
    const { scheduler, add } = world([slot('fast', 0), slot('fast', 1)]);
    add('a', 2);
    const [, second] = scheduler.next(0);
    scheduler.ended(second?.chunk.id as number, 'done', 10);
    add('b', 1, {}, 10);
    expect(given(scheduler, 10)).toEqual(['fast/1 b 0-1']);
  });

  it('uses the slow slot as soon as there is enough to do', () => {
    const { scheduler, add } = world([slot('fast'), slot('slow')]);
    for (let n = 0; n < 6; n++) add(`${n}`, 1);
    expect(given(scheduler, 0)).toHaveLength(2);
  });

  it('does not wait for ever for a fast slot that hangs, and says when to be asked again', () => {
    const { scheduler, add } = world([slot('fast'), slot('slow')]);
    add('a', 1);
    given(scheduler, 0);
    add('b', 1);
    let [now_ms, asked] = [1, 0];
    for (; given(scheduler, now_ms).length === 0; asked++) {
      const wake_ms = scheduler.wakeAt_ms(now_ms);
      expect(wake_ms).toBeGreaterThan(now_ms);
      now_ms = wake_ms as number;
    }
    expect(now_ms).toBeLessThan(100);
    expect(asked).toBeLessThan(12);
    expect(scheduler.wakeAt_ms(now_ms)).toBeUndefined();
  });

  it('gives each slot of a device a chunk, none without the release, none that a job must not run on', () => {
    const { scheduler, add } = world([slot('fast', 0), slot('fast', 1), slot('fast', 2, []), slot('slow')]);
    add('a', 64, { notOn: ['slow'] });
    expect(given(scheduler, 0)).toEqual(['fast/0 a 0-8', 'fast/1 a 8-16']);
  });

  it('counts a slot that is gone as busy until its chunk has ended', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('a', 16);
    const [one] = scheduler.next(0);
    scheduler.setSlots([], 1);
    scheduler.setSlots([slot('fast')], 2);
    expect(given(scheduler, 2)).toEqual([]);
    scheduler.ended(one?.chunk.id as number, 'lost', 3);
    expect(given(scheduler, 3)).toEqual(['fast/0 a 0-8']);
  });
});

describe('the end of a chunk', () => {
  it('brings items that were lost back to the front, in smaller chunks where a device ran out of memory', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('a', 16);
    const [one] = scheduler.next(0);
    scheduler.ended(one?.chunk.id as number, 'failed', 1, 3);
    const sizes: string[] = [];
    for (let next = scheduler.next(1)[0]; next !== undefined; next = scheduler.next(1)[0]) {
      sizes.push(`${next.chunk.from}-${next.chunk.to}`);
      scheduler.ended(next.chunk.id, 'done', 1);
    }
    expect(sizes.slice(0, 3)).toEqual(['0-3', '3-6', '6-8']);
    expect(sizes.at(-1)).toBe('8-16');
  });

  it('completes a step once, goes on with the next, and forgets what was removed', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('a', 4, { steps: [step(4), step(1)] });
    const [first] = scheduler.next(0);
    expect(scheduler.ended(first?.chunk.id as number, 'done', 40)).toBe(true);
    expect(given(scheduler, 40)).toEqual([]);
    scheduler.continueWith('a', step(3), 40);
    const [second] = scheduler.next(40);
    expect(second?.chunk).toMatchObject({ step: 1, from: 0, to: 3 });
    scheduler.remove('a');
    expect(scheduler.ended(second?.chunk.id as number, 'done', 70)).toBe(false);
    expect(scheduler.held()).toBe(0);
  });

  it('does not take the end of a job that was removed for that of another of its name', () => {
    const { scheduler, add } = world([slot('fast')]);
    add('a', 1);
    const [old] = scheduler.next(0);
    scheduler.remove('a');
    add('a', 1);
    expect(scheduler.ended(old?.chunk.id as number, 'done', 10)).toBe(false);
    expect(given(scheduler, 10)).toEqual(['fast/0 a 0-1']);
  });

  it('teaches the cost', () => {
    const { scheduler, add } = world([slot('fast')]);
    expect(scheduler.expected_ms('fast', 'new', 4)).toBeUndefined();
    add('a', 4, { steps: [step(4, { key: 'new' })] });
    const [one] = scheduler.next(0);
    scheduler.ended(one?.chunk.id as number, 'done', 200);
    expect(scheduler.expected_ms('fast', 'new', 4)).toBeGreaterThan(150);
  });
});

describe('what cannot be', () => {
  it('is refused: more jobs than the bound, a job twice, steps of nothing, shares of nothing, ends of nothing', () => {
    const { scheduler, add } = world([slot('fast')], { jobsMax: 2 });
    add('a', 1);
    expect(() => add('a', 1)).toThrow('held already');
    expect(() => add('b', 0)).toThrow('0 items');
    expect(() => add('b', 1, { share: 0 })).toThrow('share');
    expect(() => scheduler.continueWith('a', step(1), 0)).toThrow('not done its step');
    expect(() => scheduler.ended(7, 'done', 0)).toThrow('no chunk 7');
    add('b', 1);
    expect(() => add('c', 1)).toThrow('holds 2 jobs');
  });
});
