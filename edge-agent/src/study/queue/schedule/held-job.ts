import type { SchedulePolicy } from './policy.ts';
import type { ScheduledJob, Step } from './scheduler.ts';

/** Items that nobody runs now, in chunks of at most `itemsMax`. */
export type Range = { readonly from: number; readonly to: number; readonly itemsMax: number };

/** A job as the scheduler keeps it. */
export type HeldJob = {
  readonly job: ScheduledJob;
  /** Order of arrival in the scheduler, which settles what is equal otherwise. */
  readonly sequence: number;
  /** The step that runs now, and what is expected after it. */
  step: Step;
  stepIndex: number;
  expected: readonly Step[];
  /** Of the step, front first. */
  ranges: Range[];
  itemsDone: number;
  /** Where it stands within its class; milliseconds. */
  place_ms: number;
  /** From when on it has waited for too long. */
  readonly overdueAt_ms: number;
};

export function holdJob(job: ScheduledJob, sequence: number, policy: SchedulePolicy): HeldJob {
  const [step, ...expected] = job.steps;
  return {
    ...{ job, sequence, step, stepIndex: 0, expected, ranges: allOf(step), itemsDone: 0 },
    ...{ place_ms: job.arrival_ms, overdueAt_ms: job.arrival_ms + policy.overdueAfter_ms[job.priority] },
  };
}

/** Goes on with a step that takes the place of the one that was expected next. */
export function goOn(held: HeldJob, step: Step): void {
  held.expected = held.expected.slice(1);
  held.step = step;
  held.stepIndex += 1;
  held.ranges = allOf(step);
  held.itemsDone = 0;
}

export const isComplete = ({ itemsDone, step }: HeldJob): boolean => itemsDone === step.items;

/** Items of the step that nobody runs and nobody has run. */
export const itemsWaiting = ({ ranges }: HeldJob): number => ranges.reduce((sum, { from, to }) => sum + to - from, 0);

/** Takes at most `items` from the front. */
export function cut(held: HeldJob, items: number): Range {
  const [front, ...rest] = held.ranges;
  if (front === undefined) throw new Error(`job ${held.job.id} has nothing to cut`);
  const to = Math.min(front.to, front.from + items);
  held.ranges = to === front.to ? rest : [{ ...front, from: to }, ...rest];
  return { ...front, to };
}

/** Items whose chunk came to nothing go back to the front. */
export function putBack(held: HeldJob, range: Range): void {
  held.ranges = [range, ...held.ranges];
}

const allOf = ({ items, chunkItemsMax }: Step): Range[] =>
  items === 0 ? [] : [{ from: 0, to: items, itemsMax: chunkItemsMax }];
