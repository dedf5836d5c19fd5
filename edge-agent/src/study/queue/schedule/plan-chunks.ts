import { chunkItems, type ChunkLimits, itemsMin } from './chunk-size.ts';
import { shareOut } from './earliest-finish.ts';
import { type HeldJob, itemsWaiting } from './held-job.ts';
import type { CostOf } from './order-key.ts';
import { costOf } from './run-cost.ts';
import type { Slot } from './scheduler.ts';

/** What a slot is to take of a job by and by: in how large a chunk it begins, and how long all of it will keep it. */
export type Portion = { readonly slot: Slot; readonly chunkItems: number; readonly takes_ms: number };

/** Shares what waits of a job out over the slots that can run it, each from when on it is free. */
export function planChunks(
  held: HeldJob,
  slots: readonly Slot[],
  freeAt_ms: ReadonlyMap<string, number>,
  cost: CostOf,
  limits: ChunkLimits,
): Portion[] {
  const itemsMax = held.ranges[0]?.itemsMax ?? held.step.chunkItemsMax;
  const runners = slots.map((slot) => {
    const costs = cost(slot.device, held.step.key);
    return { slot, freeAt_ms: freeAt_ms.get(slot.id) ?? 0, cost: costs, itemsMin: itemsMin(costs, itemsMax, limits) };
  });
  const shares = shareOut(itemsWaiting(held), runners, itemsMax);
  return runners.flatMap(({ slot, cost }, index) => {
    const share = shares[index] ?? 0;
    if (share === 0) return [];
    return [{ slot, chunkItems: chunkItems(share, cost, itemsMax, limits), takes_ms: costOf(cost, share) }];
  });
}
