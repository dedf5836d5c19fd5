import { type Candidates, walk } from './candidates.ts';
import { checkJob, checkStep } from './check-job.ts';
import type { ChunkLimits } from './chunk-size.ts';
import type { CostModel } from './cost-model.ts';
import { cut, goOn, type HeldJob, holdJob, isComplete, itemsWaiting, putBack, type Range } from './held-job.ts';
import { createLanes, type Lane } from './lanes.ts';
import { idealService_ms, place_ms } from './order-key.ts';
import { planChunks } from './plan-chunks.ts';
import { defaultPolicy, type SchedulePolicy } from './policy.ts';
import { costOf } from './run-cost.ts';
import type { Assignment, Scheduler, Slot, Step } from './scheduler.ts';
import { changesAt_ms, endsAt_ms, type Running } from './slot-times.ts';

export type SchedulerDeps = {
  /** Learns from what ends here; its owner persists it. */
  readonly costs: CostModel;
  readonly policy?: SchedulePolicy;
};

/** The scheduler, and how full it is. */
export type BoundedScheduler = Scheduler & {
  /** Jobs that it holds; `add` throws when it holds `jobsMax`. */
  held(): number;
  readonly jobsMax: number;
};

type RunningChunk = Running & { readonly held: HeldJob; readonly range: Range };

/** A scheduler without work or slots. See `Scheduler`; docs/scheduling.md tells the rules. */
export function createScheduler({ costs, policy = defaultPolicy }: SchedulerDeps): BoundedScheduler {
  const jobs = new Map<string, HeldJob>();
  const lanes = createLanes();
  const running = new Map<number, RunningChunk>();
  /** By the id of its slot, which may be gone. */
  const runningOn = new Map<string, RunningChunk>();
  let slots: readonly Slot[] = [];
  let [chunkIds, sequence] = [0, 0];
  /** Chunks given since the last overdue job was served, while one waited that could have had the slot. */
  let passedOver = 0;
  /** What a key cost on all devices when the order was last made. */
  const orderedAt = new Map<string, number>();

  const placeOf_ms = (held: HeldJob): number =>
    place_ms(
      held,
      idealService_ms(held, (step) => lanes.slotsOf(step, held.job), costs.cost),
      policy,
    );

  /** Puts a job where it belongs now; out of the lanes when it waits for nothing. */
  function place(held: HeldJob): void {
    lanes.remove(held);
    if (itemsWaiting(held) === 0) return;
    held.place_ms = placeOf_ms(held);
    lanes.add(held);
  }

  /** Learns from a run, and makes the order anew when that changes what is expected by much. */
  function learn({ slot, range, started_ms }: RunningChunk, { key }: Step, now_ms: number): void {
    costs.learn(slot.device, key, range.to - range.from, now_ms - started_ms);
    if (slots.length === 0) return; // Places are given when there are some again.
    const before_ms = orderedAt.get(key);
    const cost_ms = slots.reduce((sum, { device }) => sum + costOf(costs.cost(device, key), 1), 0);
    const factor =
      before_ms === undefined ? Number.POSITIVE_INFINITY : Math.max(cost_ms / before_ms, before_ms / cost_ms);
    if (factor < policy.reorderFactor) return;
    if (orderedAt.size >= orderedKeysMax) orderedAt.clear();
    orderedAt.set(key, cost_ms);
    lanes.placeAnew(placeOf_ms);
  }

  function serve(candidates: Candidates, now_ms: number): HeldJob | undefined {
    const overdue = passedOver >= policy.overdueEvery - 1 ? candidates.overdue(now_ms) : undefined;
    return overdue ?? candidates.first();
  }

  /** Whether a job that is overdue could have had the slot. */
  const passesOver = (usable: readonly Lane[], slot: Slot, now_ms: number): boolean =>
    usable.some(
      ({ byOverdue, slots }) => (byOverdue.at(0)?.overdueAt_ms ?? Infinity) <= now_ms && slots.includes(slot),
    );

  function start(held: HeldJob, slot: Slot, items: number, now_ms: number): Assignment {
    const range = cut(held, items);
    const expected_ms = costOf(costs.cost(slot.device, held.step.key), range.to - range.from);
    const id = ++chunkIds;
    const chunk = { slot, started_ms: now_ms, expected_ms, held, range };
    running.set(id, chunk);
    runningOn.set(slot.id, chunk);
    const { from, to } = range;
    return { slot: slot.id, expected_ms, chunk: { id, jobId: held.job.id, step: held.stepIndex, from, to } };
  }

  /**
   * A job that is alone in its class may be cut as fine as makes it end early; while others of it wait, they would pay
   * for what that costs.
   */
  function limitsFor(held: HeldJob, usable: readonly Lane[]): ChunkLimits {
    const { chunkMax_ms, fixedShareMax, fixedShareMaxContended } = policy;
    let waiting = 0;
    for (const { priority, byPlace } of usable) if (priority === held.job.priority) waiting += byPlace.size();
    return { chunkMax_ms, fixedShareMax: waiting > 1 ? fixedShareMaxContended : fixedShareMax };
  }

  /**
   * Gives a job the free slots that it wants; of what is left of it after each chunk it is asked again. At the end its
   * remainder is planned on the slots that are busy, so that the jobs behind it know where it will be.
   */
  function give(
    held: HeldJob,
    usable: readonly Lane[],
    free: Set<Slot>,
    freeAt_ms: Map<string, number>,
    now_ms: number,
  ): Assignment[] {
    const assignments: Assignment[] = [];
    const limits = limitsFor(held, usable);
    const able = lanes.slotsOf(held.step, held.job);
    while (held.ranges.length > 0) {
      const portions = planChunks(held, able, freeAt_ms, costs.cost, limits);
      const now = portions.filter(({ slot }) => free.has(slot));
      for (const { slot, chunkItems } of now) {
        if (held.ranges.length === 0) break;
        const assignment = start(held, slot, chunkItems, now_ms);
        assignments.push(assignment);
        free.delete(slot);
        freeAt_ms.set(slot.id, now_ms + assignment.expected_ms);
        if (held.overdueAt_ms <= now_ms) passedOver = 0;
        else if (passesOver(usable, slot, now_ms)) passedOver += 1;
      }
      if (now.length > 0) continue;
      for (const { slot, takes_ms } of portions) freeAt_ms.set(slot.id, (freeAt_ms.get(slot.id) ?? now_ms) + takes_ms);
      break;
    }
    return assignments;
  }

  /** Serves jobs in order until no slot is free or nobody wants those that are. */
  function pass(now_ms: number): Assignment[] {
    const free = new Set(slots.filter(({ id }) => !runningOn.has(id)));
    const usable = free.size === 0 ? [] : lanes.all().filter((lane) => lane.slots.length > 0);
    const assignments: Assignment[] = [];
    const freeAt_ms = new Map(slots.map(({ id }) => [id, freeFrom_ms(id, now_ms)]));
    const candidates = walk(usable, policy.lookaheadJobsMax);
    /** They keep their places until all are served. */
    const served = new Set<HeldJob>();
    while (free.size > 0) {
      const held = serve(candidates, now_ms);
      if (held === undefined) break;
      const given = give(held, usable, free, freeAt_ms, now_ms);
      if (given.length > 0) served.add(held);
      assignments.push(...given);
    }
    for (const held of served) place(held);
    return assignments;
  }

  return {
    jobsMax: policy.jobsMax,
    held: () => jobs.size,

    setSlots(now) {
      slots = now;
      lanes.setSlots(now);
      lanes.placeAnew(placeOf_ms);
    },

    add(job) {
      if (jobs.has(job.id)) throw new Error(`job ${job.id} is held already`);
      if (jobs.size >= policy.jobsMax) throw new Error(`the scheduler holds ${policy.jobsMax} jobs, its most`);
      checkJob(job);
      const held = holdJob(job, ++sequence, policy);
      jobs.set(job.id, held);
      place(held);
    },

    continueWith(jobId, step) {
      const held = jobs.get(jobId);
      if (held === undefined) return; // Forgotten meanwhile.
      if (!isComplete(held)) throw new Error(`job ${jobId} has not done its step`);
      checkStep(jobId, step);
      goOn(held, step);
      place(held);
    },

    remove(jobId) {
      const held = jobs.get(jobId);
      if (held === undefined) return;
      lanes.remove(held);
      jobs.delete(jobId);
    },

    next(now_ms) {
      const assignments: Assignment[] = [];
      // What is left of a job once its chunks are cut may be worth a slot that the whole was not.
      for (;;) {
        const more = pass(now_ms);
        if (more.length === 0) return assignments;
        assignments.push(...more);
      }
    },

    ended(chunkId, how, now_ms, itemsMax) {
      const chunk = running.get(chunkId);
      if (chunk === undefined) throw new Error(`no chunk ${chunkId} runs`);
      running.delete(chunkId);
      runningOn.delete(chunk.slot.id);
      const { held, range } = chunk;
      if (how === 'done') learn(chunk, held.step, now_ms);
      if (jobs.get(held.job.id) !== held) return false;
      if (how === 'done') {
        held.itemsDone += range.to - range.from;
        return isComplete(held);
      }
      putBackInOrder(held, { ...range, itemsMax: Math.min(range.itemsMax, itemsMax ?? range.itemsMax) });
      return false;
    },

    wakeAt_ms(now_ms) {
      const waits = lanes.all().some(({ slots }) => slots.some(({ id }) => !runningOn.has(id)));
      if (!waits) return undefined;
      // A free slot is left idle for a busy one. When that one is done we are told; when it is late, nobody tells.
      const changes = slots.flatMap(({ id }) => {
        const chunk = runningOn.get(id);
        return chunk === undefined ? [] : [changesAt_ms(chunk, now_ms, policy.wakeMin_ms)];
      });
      return changes.length === 0 ? undefined : Math.min(...changes);
    },

    expected_ms(device, key, items) {
      const cost = costs.cost(device, key);
      return cost.from === 'learned' || cost.from === 'other device' ? costOf(cost, items) : undefined;
    },
  };

  function freeFrom_ms(slotId: string, now_ms: number): number {
    const chunk = runningOn.get(slotId);
    return chunk === undefined ? now_ms : endsAt_ms(chunk, now_ms);
  }

  function putBackInOrder(held: HeldJob, range: Range): void {
    lanes.remove(held);
    putBack(held, range);
    place(held);
  }
}

/** Keys whose cost at the last ordering is remembered. */
const orderedKeysMax = 4_096;
