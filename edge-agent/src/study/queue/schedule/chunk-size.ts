import { costOf, type RunCost } from './run-cost.ts';

/** Bounds of a chunk's time: see the policy. */
export type ChunkLimits = { readonly chunkMax_ms: number; readonly fixedShareMax: number };

/** Fewest items whose run is worth its fixed cost. At least 1, and never more than the chunk may have. */
export function itemsMin({ fixed_ms, perItem_ms }: RunCost, itemsMax: number, { fixedShareMax }: ChunkLimits): number {
  const worth = Math.ceil((fixed_ms * (1 / fixedShareMax - 1)) / perItem_ms);
  return Math.max(1, Math.min(worth, itemsMax));
}

/**
 * Items of the next chunk on a device that is to take `items` of a step by and by. Runs no longer than the limits say
 * unless its fixed cost would weigh too much, and its chunks are of equal size, so that the last one is not a crumb.
 */
export function chunkItems(items: number, cost: RunCost, itemsMax: number, limits: ChunkLimits): number {
  const most =
    costOf(cost, itemsMax) <= limits.chunkMax_ms
      ? itemsMax
      : Math.floor((limits.chunkMax_ms - cost.fixed_ms) / cost.perItem_ms);
  const upTo = Math.min(itemsMax, Math.max(itemsMin(cost, itemsMax, limits), most));
  return Math.ceil(items / Math.ceil(items / upTo));
}
