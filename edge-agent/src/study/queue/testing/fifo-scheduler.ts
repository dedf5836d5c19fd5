import type { Scheduler, Slot, Step } from '../schedule/scheduler.ts';

type Held = {
  readonly id: string;
  readonly priority: number;
  readonly arrival_ms: number;
  readonly notOn: readonly string[];
  step: Step;
  stepNumber: number;
  waiting: { from: number; to: number; max: number }[];
  running: number;
};

/** Class, then arrival, then the first slot that is free. The simplest thing that keeps the interface's promises. */
export function createFifoScheduler(): Scheduler {
  const jobs = new Map<string, Held>();
  const chunks = new Map<
    number,
    { readonly held: Held; readonly slot: string; readonly from: number; readonly to: number }
  >();
  let slots: readonly Slot[] = [];
  let ids = 0;
  const whole = (step: Step) => [{ from: 0, to: step.items, max: step.chunkItemsMax }];

  return {
    setSlots(given) {
      slots = given;
    },
    add({ id, priority, arrival_ms, notOn = [], steps: [step] }) {
      if (jobs.has(id)) throw new Error(`${id} is there already`);
      jobs.set(id, { id, priority, arrival_ms, notOn, step, stepNumber: 0, waiting: whole(step), running: 0 });
    },
    continueWith(jobId, step) {
      const held = jobs.get(jobId);
      if (held === undefined) throw new Error(`${jobId} is not there`);
      if (held.running > 0 || held.waiting.length > 0) throw new Error(`the step of ${jobId} is not over`);
      Object.assign(held, { step, stepNumber: held.stepNumber + 1, waiting: whole(step) });
    },
    remove: (jobId) => void jobs.delete(jobId),
    next() {
      const order = [...jobs.values()].toSorted((a, b) => a.priority - b.priority || a.arrival_ms - b.arrival_ms);
      const busy = new Set([...chunks.values()].map(({ slot }) => slot));
      const given = [];
      for (const slot of slots) {
        if (busy.has(slot.id)) continue;
        const held = order.find(
          ({ waiting, step, notOn }) =>
            waiting.length > 0 &&
            (step.release === undefined || slot.releases.includes(step.release)) &&
            !notOn.includes(slot.device),
        );
        const range = held?.waiting[0];
        if (held === undefined || range === undefined) continue;
        const { from } = range;
        const to = Math.min(range.to, from + range.max);
        if (to === range.to) held.waiting.shift();
        else range.from = to;
        held.running += 1;
        const id = ++ids;
        chunks.set(id, { held, slot: slot.id, from, to });
        given.push({ slot: slot.id, chunk: { id, jobId: held.id, step: held.stepNumber, from, to }, expected_ms: 0 });
      }
      return given;
    },
    ended(chunkId, how, _, itemsMax) {
      const chunk = chunks.get(chunkId);
      if (chunk === undefined) throw new Error(`chunk ${chunkId} does not run`);
      chunks.delete(chunkId);
      const { held, from, to } = chunk;
      held.running -= 1;
      if (how !== 'done') held.waiting.unshift({ from, to, max: itemsMax ?? held.step.chunkItemsMax });
      return jobs.get(held.id) === held && held.running === 0 && held.waiting.length === 0;
    },
    wakeAt_ms: () => undefined,
    expected_ms: () => undefined,
  };
}
