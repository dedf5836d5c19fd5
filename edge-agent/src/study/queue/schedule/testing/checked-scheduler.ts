import { createCostModel } from '../cost-model.ts';
import { createScheduler } from '../create-scheduler.ts';
import { defaultPolicy, type SchedulePolicy } from '../policy.ts';
import type { Assignment, ChunkEnd, ScheduledJob, Slot, Step } from '../scheduler.ts';

type Seen = { readonly job: ScheduledJob; step: Step; stepIndex: number; runs: Map<number, number>; done: Set<number> };
type Run = { readonly assignment: Assignment; readonly slot: Slot; readonly seen: Seen; readonly started_ms: number };

/** The scheduler with a bookkeeper of its own beside it, which throws when a rule is broken. */
export function createCheckedScheduler(policy: SchedulePolicy = defaultPolicy) {
  const costs = createCostModel();
  const scheduler = createScheduler({ costs, policy });
  const jobs = new Map<string, Seen>();
  const runs = new Map<number, Run>();
  const log: string[] = [];
  let slots: readonly Slot[] = [];

  const must = (holds: boolean, what: string): void => {
    if (!holds) throw new Error(what);
  };
  const canRun = (slot: Slot, { step, job }: Seen): boolean =>
    (step.release === undefined || slot.releases.includes(step.release)) && !(job.notOn ?? []).includes(slot.device);
  const waits = ({ step, runs, done }: Seen): boolean => runs.size + done.size < step.items;
  const busy = (id: string): boolean => [...runs.values()].some(({ slot }) => slot.id === id);

  return {
    scheduler,
    costs,
    log,
    jobs,
    runs,
    slots: () => slots,
    waits,
    canRun,
    busy,

    setSlots(to: readonly Slot[], now_ms: number): void {
      slots = to;
      scheduler.setSlots(to, now_ms);
    },

    add(job: ScheduledJob, now_ms: number): void {
      scheduler.add(job, now_ms);
      jobs.set(job.id, { job, step: job.steps[0], stepIndex: 0, runs: new Map(), done: new Set() });
    },

    remove(id: string): void {
      scheduler.remove(id);
      jobs.delete(id);
    },

    jobOf: ({ chunk }: Assignment): ScheduledJob => runs.get(chunk.id)?.seen.job as ScheduledJob,

    /** Jobs that could have had the slot of an assignment, which is the last that was made. */
    waitingFor(assignment: Assignment): ScheduledJob[] {
      const slot = runs.get(assignment.chunk.id)?.slot as Slot;
      return [...jobs.values()].filter((seen) => waits(seen) && canRun(slot, seen)).map(({ job }) => job);
    },

    /** @param watch is shown each assignment by itself, with the world as it is after it */
    next(now_ms: number, watch: (one: Assignment) => void = () => undefined): readonly Assignment[] {
      const assignments = scheduler.next(now_ms);
      for (const assignment of assignments) {
        const { chunk } = assignment;
        const slot = slots.find(({ id }) => id === assignment.slot);
        const seen = jobs.get(chunk.jobId);
        if (slot === undefined || seen === undefined) throw new Error('a slot or a job that is not there');
        must(!busy(slot.id), 'two chunks on a slot');
        must(canRun(slot, seen), 'a slot without the release, or one that the job must not run on');
        must(chunk.step === seen.stepIndex, 'a step that is not due');
        must(chunk.from < chunk.to && chunk.to <= seen.step.items, 'items that there are not');
        must(chunk.to - chunk.from <= seen.step.chunkItemsMax, 'a chunk that is too large');
        must(Number.isFinite(assignment.expected_ms) && assignment.expected_ms > 0, 'an expectation');
        for (let item = chunk.from; item < chunk.to; item++) {
          must(!seen.runs.has(item) && !seen.done.has(item), 'an item twice');
          seen.runs.set(item, chunk.id);
        }
        runs.set(chunk.id, { assignment, slot, seen, started_ms: now_ms });
        watch(assignment);
        log.push(`${now_ms} ${slot.id} ${chunk.jobId}/${chunk.step} ${chunk.from}-${chunk.to}`);
      }
      must(scheduler.next(now_ms).length === 0, 'a second answer to the same question');
      return assignments;
    },

    /** @returns the job, when its step is complete and it waits to be told how it goes on */
    ended(chunkId: number, how: ChunkEnd, now_ms: number, itemsMax?: number): string | undefined {
      const run = runs.get(chunkId);
      if (run === undefined) throw new Error('no such run');
      runs.delete(chunkId);
      const { seen, assignment } = run;
      for (let item = assignment.chunk.from; item < assignment.chunk.to; item++) {
        seen.runs.delete(item);
        if (how === 'done') seen.done.add(item);
      }
      const complete = scheduler.ended(chunkId, how, now_ms, itemsMax);
      const held = jobs.get(seen.job.id) === seen;
      must(
        complete === (held && seen.done.size === seen.step.items),
        'complete when all items are done, and only then',
      );
      return complete ? seen.job.id : undefined;
    },

    continueWith(id: string, step: Step, now_ms: number): void {
      const seen = jobs.get(id);
      if (seen === undefined) throw new Error('no such job');
      scheduler.continueWith(id, step, now_ms);
      Object.assign(seen, { step, stepIndex: seen.stepIndex + 1, runs: new Map(), done: new Set() });
    },
  };
}
