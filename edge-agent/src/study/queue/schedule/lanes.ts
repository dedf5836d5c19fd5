import type { HeldJob } from './held-job.ts';
import { goesBefore, overdueBefore } from './order-key.ts';
import type { Priority, ScheduledJob, Slot, Step } from './scheduler.ts';
import { createSortedList, type SortedList } from './sorted-list.ts';

/** Waiting jobs of one class that the same slots can run, in both orders. */
export type Lane = {
  readonly priority: Priority;
  readonly byPlace: SortedList<HeldJob>;
  readonly byOverdue: SortedList<HeldJob>;
  readonly slots: readonly Slot[];
};

/** The jobs that have items which nobody runs. Few lanes, however many jobs: releases × classes × who must not run them. */
export type Lanes = {
  all(): readonly Lane[];
  add(held: HeldJob): void;
  /** Before anything that its order depends on changes. */
  remove(held: HeldJob): void;
  /** Gives every job the place that it has now. */
  placeAnew(place_ms: (held: HeldJob) => number): void;
  slotsOf(step: Step, job: ScheduledJob): readonly Slot[];
  setSlots(slots: readonly Slot[]): void;
};

/** Whether a slot may run a step of a job. */
export const canRun = (slot: Slot, { release }: Step, { notOn }: ScheduledJob): boolean =>
  (release === undefined || slot.releases.includes(release)) && notOn?.includes(slot.device) !== true;

export function createLanes(): Lanes {
  let slots: readonly Slot[] = [];
  const lanes = new Map<string, Lane>();
  /** Which lane each waiting job is in; only those that wait. */
  const laneOf = new Map<HeldJob, string>();
  let slotsFor = new Map<string, readonly Slot[]>();

  function slotsOf(step: Step, job: ScheduledJob): readonly Slot[] {
    const who = whoRuns(step, job);
    const known = slotsFor.get(who);
    if (known !== undefined) return known;
    if (slotsFor.size >= slotSetsMax) slotsFor = new Map();
    const able = slots.filter((slot) => canRun(slot, step, job));
    slotsFor.set(who, able);
    return able;
  }

  return {
    all: () => [...lanes.values()],
    slotsOf,
    placeAnew(place_ms) {
      for (const { byPlace } of lanes.values()) {
        byPlace.reorder((held) => {
          held.place_ms = place_ms(held);
        });
      }
    },
    add(held) {
      const { job, step } = held;
      const id = `${job.priority}\n${whoRuns(step, job)}`;
      const lane: Lane = lanes.get(id) ?? {
        priority: job.priority,
        byPlace: createSortedList(goesBefore),
        byOverdue: createSortedList(overdueBefore),
        slots: slotsOf(step, job),
      };
      lanes.set(id, lane);
      lane.byPlace.add(held);
      lane.byOverdue.add(held);
      laneOf.set(held, id);
    },
    remove(held) {
      const id = laneOf.get(held);
      const lane = id === undefined ? undefined : lanes.get(id);
      if (id === undefined || lane === undefined) return;
      lane.byPlace.remove(held);
      lane.byOverdue.remove(held);
      laneOf.delete(held);
      if (lane.byPlace.size() === 0) lanes.delete(id);
    },
    setSlots(now) {
      slots = now;
      slotsFor = new Map();
      for (const [id, lane] of lanes) {
        const any = lane.byPlace.at(0);
        if (any !== undefined) lanes.set(id, { ...lane, slots: slotsOf(any.step, any.job) });
      }
    },
  };
}

/** Remembered sets of slots; more are worked out again. */
const slotSetsMax = 1_024;

const whoRuns = ({ release }: Step, { notOn = [] }: ScheduledJob): string =>
  [release ?? '', ...(notOn.length > 1 ? notOn.toSorted() : notOn)].join('\n');
