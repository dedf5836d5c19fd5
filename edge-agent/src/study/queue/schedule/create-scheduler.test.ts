import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultPolicy, type SchedulePolicy } from './policy.ts';
import type { Assignment, ChunkEnd, Priority, ScheduledJob, Slot, Step } from './scheduler.ts';
import { createCheckedScheduler } from './testing/checked-scheduler.ts';

const releases = ['a', 'b'] as const;
const allSlots: readonly Slot[] = [
  { id: 'fast/0', device: 'fast', releases },
  { id: 'fast/1', device: 'fast', releases: ['a'] },
  { id: 'middle/0', device: 'middle', releases: ['b'] },
  { id: 'slow/0', device: 'slow', releases },
];

const someStep: fc.Arbitrary<Step> = fc.record(
  {
    key: fc.constantFrom('k1', 'k2', 'k3'),
    release: fc.constantFrom(...releases),
    items: fc.integer({ min: 1, max: 40 }),
    chunkItemsMax: fc.integer({ min: 1, max: 16 }),
  },
  { requiredKeys: ['key', 'items', 'chunkItemsMax'] },
);

type Event =
  | {
      readonly do: 'add';
      readonly priority: Priority;
      readonly steps: Step[];
      readonly share: number;
      readonly notOn: string[];
    }
  | { readonly do: 'end'; readonly which: number; readonly how: ChunkEnd; readonly itemsMax: number | undefined }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'slots'; readonly which: boolean[] }
  | { readonly do: 'next' };

const someEvent: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      priority: fc.constantFrom<Priority>(0, 1, 2, 3),
      steps: fc.array(someStep, { minLength: 1, maxLength: 3 }),
      share: fc.constantFrom(0.5, 1, 2),
      notOn: fc.subarray(['slow', 'middle']),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      which: fc.nat(),
      how: fc.constantFrom<ChunkEnd>('done', 'done', 'done', 'failed', 'lost'),
      itemsMax: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('slots' as const),
      which: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('next' as const) }) },
);
const someStory = fc.array(fc.tuple(someEvent, fc.nat({ max: 2_000 })), { maxLength: 60 });

type World = ReturnType<typeof createCheckedScheduler>;
type Watch = (world: World, assignment: Assignment, now_ms: number) => void;

/** Plays a story, and then lets everything end well. */
function play(
  story: readonly (readonly [Event, number])[],
  slots: readonly Slot[] = allSlots,
  policy: SchedulePolicy = defaultPolicy,
  watch: Watch = () => undefined,
): World {
  const world = createCheckedScheduler(policy);
  let [now_ms, ids] = [0, 0];
  world.setSlots(slots, now_ms);

  /** A job whose step is done goes on with what it said, or ends. */
  function end(chunkId: number, how: ChunkEnd, itemsMax?: number): void {
    const complete = world.ended(chunkId, how, now_ms, itemsMax);
    const seen = complete === undefined ? undefined : world.jobs.get(complete);
    if (seen === undefined || complete === undefined) return;
    const step = seen.job.steps[seen.stepIndex + 1];
    if (step === undefined) world.remove(complete);
    else world.continueWith(complete, step, now_ms);
  }

  for (const [event, wait_ms] of story) {
    now_ms += wait_ms;
    if (event.do === 'add') {
      const { priority, share, notOn } = event;
      const steps = event.steps as [Step, ...Step[]];
      world.add({ id: `job ${++ids}`, priority, arrival_ms: now_ms, share, steps, notOn }, now_ms);
    } else if (event.do === 'end') {
      const ids = [...world.runs.keys()];
      const id = ids[event.which % Math.max(1, ids.length)];
      if (id !== undefined) end(id, event.how, event.itemsMax);
    } else if (event.do === 'remove') {
      const ids = [...world.jobs.keys()];
      const id = ids[event.which % Math.max(1, ids.length)];
      if (id !== undefined) world.remove(id);
    } else if (event.do === 'slots') {
      world.setSlots(
        slots.filter((_, index) => event.which[index]),
        now_ms,
      );
    }
    world.next(now_ms, (assignment) => watch(world, assignment, now_ms));
  }

  world.setSlots(slots, now_ms);
  for (let turns = 0; world.jobs.size > 0 || world.runs.size > 0; turns++) {
    if (turns > 20_000) throw new Error(`${world.jobs.size} jobs starve`);
    world.next(now_ms, (assignment) => watch(world, assignment, now_ms));
    const first = [...world.runs.values()].toSorted(
      (a, b) => a.started_ms + a.assignment.expected_ms - (b.started_ms + b.assignment.expected_ms),
    )[0];
    if (first === undefined) throw new Error('work waits, slots are free, and nothing runs');
    now_ms = Math.max(now_ms + 1, first.started_ms + first.assignment.expected_ms);
    end(first.assignment.chunk.id, 'done');
  }
  return world;
}

describe('the scheduler, whatever happens', () => {
  it('runs every item once to its end, on slots that may, one chunk a slot, and leaves nothing behind', () => {
    fc.assert(
      fc.property(someStory, (story) => {
        expect(play(story).scheduler.held()).toBe(0);
      }),
      { numRuns: 3_000 },
    );
  });

  it('decides the same for the same story', () => {
    fc.assert(
      fc.property(someStory, (story) => {
        expect(play(story).log).toEqual(play(story).log);
      }),
      { numRuns: 500 },
    );
  });

  // Slots of one device are equal, so none is ever kept waiting for another.
  const equalSlots = allSlots.map((slot) => ({ ...slot, device: 'one' }));

  it('gives no slot to a lower class while a higher one waits that could have it, unless an overdue job is served', () => {
    const overdueAfter_ms = { 0: Number.POSITIVE_INFINITY, 1: 3_000, 2: 6_000, 3: 9_000 };
    let seen = 0;
    fc.assert(
      fc.property(someStory, (story) => {
        play(story, equalSlots, { ...defaultPolicy, overdueAfter_ms }, (world, assignment, now_ms) => {
          const given = world.jobOf(assignment);
          if (now_ms >= given.arrival_ms + overdueAfter_ms[given.priority]) return;
          const passedOver = world.waitingFor(assignment).filter(({ priority }) => priority < given.priority);
          seen += given.priority;
          expect(passedOver).toEqual([]);
        });
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toBeGreaterThan(0);
  });

  it('serves an overdue job after a few chunks of others at the latest', () => {
    const overdueAfter_ms = { 0: Number.POSITIVE_INFINITY, 1: 1_000, 2: 2_000, 3: 3_000 };
    let most = 0;
    fc.assert(
      fc.property(someStory, (story) => {
        let passed = 0;
        play(story, equalSlots, { ...defaultPolicy, overdueAfter_ms }, (world, assignment, now_ms) => {
          const isOverdue = ({ arrival_ms, priority }: ScheduledJob): boolean =>
            now_ms >= arrival_ms + overdueAfter_ms[priority];
          if (isOverdue(world.jobOf(assignment))) passed = 0;
          else if (world.waitingFor(assignment).some(isOverdue)) passed += 1;
          most = Math.max(most, passed);
          // A job that is served takes all the free slots that it wants.
          expect(passed).toBeLessThan(defaultPolicy.overdueEvery + equalSlots.length);
        });
      }),
      { numRuns: 2_000 },
    );
    expect(most).toBeGreaterThanOrEqual(defaultPolicy.overdueEvery - 1);
  });
});
