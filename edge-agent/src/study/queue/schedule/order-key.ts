import type { HeldJob } from './held-job.ts';
import { itemsWaiting } from './held-job.ts';
import type { SchedulePolicy } from './policy.ts';
import { costOf, type RunCost } from './run-cost.ts';
import type { CostKey, Slot, Step } from './scheduler.ts';

export type CostOf = (device: string, key: CostKey) => RunCost;

/** Time for `items` of a step with all slots at once, were they divisible at will; 0 where no slot can run it. */
export function idealStep_ms(step: Step, items: number, slots: readonly Slot[], cost: CostOf): number {
  if (items === 0) return 0;
  const atOnce = Math.min(items, step.chunkItemsMax);
  let itemsPer_ms = 0;
  for (const { device } of slots) itemsPer_ms += atOnce / costOf(cost(device, step.key), atOnce);
  return itemsPer_ms === 0 ? 0 : items / itemsPer_ms;
}

/** The same for all that a job has still to do, as far as it is known. */
export function idealService_ms(held: HeldJob, slotsOf: (step: Step) => readonly Slot[], cost: CostOf): number {
  let total_ms = idealStep_ms(held.step, itemsWaiting(held), slotsOf(held.step), cost);
  for (const step of held.expected) total_ms += idealStep_ms(step, step.items, slotsOf(step), cost);
  return total_ms;
}

/** Where a job stands within its class: short ones go before long ones, until these have waited for long enough. */
export const place_ms = (held: HeldJob, ideal_ms: number, policy: SchedulePolicy): number =>
  held.job.arrival_ms + Math.min(policy.placedLaterMax_ms, (policy.orderFactor * ideal_ms) / held.job.share);

/** Whether a job goes before another of any lane. */
export function goesBefore(a: HeldJob, b: HeldJob): boolean {
  if (a.job.priority !== b.job.priority) return a.job.priority < b.job.priority;
  if (a.place_ms !== b.place_ms) return a.place_ms < b.place_ms;
  return a.sequence < b.sequence;
}

/** Whether a job is overdue before another. */
export function overdueBefore(a: HeldJob, b: HeldJob): boolean {
  if (a.overdueAt_ms !== b.overdueAt_ms) return a.overdueAt_ms < b.overdueAt_ms;
  return a.sequence < b.sequence;
}
