import { costOf, type RunCost } from './run-cost.ts';

/** Someone who can run items: from when on, at what cost, and from how many on it is worth it. */
export type Runner = { readonly freeAt_ms: number; readonly cost: RunCost; readonly itemsMin: number };

/**
 * How many of `items` each runner takes so that the last of them is done as early as can be: all who take any finish
 * together, and who could not start before the others are done takes none. Nobody takes less than is worth it where that
 * would save a chunk.
 */
export function shareOut(items: number, runners: readonly Runner[], chunkItemsMax: number): number[] {
  const chunksMin = Math.ceil(items / chunkItemsMax);
  let among = runners.map((_, index) => index);
  for (;;) {
    const shares = shareAmong(items, runners, among);
    const taking = among.filter((index) => (shares[index] ?? 0) > 0);
    const crumbs = taking.filter((index) => (shares[index] ?? 0) < (runners[index] as Runner).itemsMin);
    const chunks = taking.reduce((sum, index) => sum + Math.ceil((shares[index] ?? 0) / chunkItemsMax), 0);
    if (chunks <= chunksMin || taking.length <= 1 || crumbs.length === 0) return shares;
    // Of those whose share is not worth it, who would be last with everything stands back; then it is shared anew.
    const out = lastOf(crumbs, (index) => finish_ms(runners[index] as Runner, items));
    among = among.filter((index) => index !== out);
  }
}

const finish_ms = ({ freeAt_ms, cost }: Runner, items: number): number => freeAt_ms + costOf(cost, items);

function shareAmong(items: number, runners: readonly Runner[], among: readonly number[]): number[] {
  const shares = runners.map(() => 0);
  const byStart = among.toSorted((a, b) => starts_ms(runners[a] as Runner) - starts_ms(runners[b] as Runner));
  const together_ms = allDone_ms(items, runners, byStart);
  let left = items;
  for (const index of byStart) {
    const runner = runners[index] as Runner;
    const share = Math.min(left, Math.max(0, Math.floor((together_ms - starts_ms(runner)) / runner.cost.perItem_ms)));
    shares[index] = share;
    left -= share;
  }
  // Rounding leaves fewer items than there are runners; each goes where it is done first.
  for (; left > 0; left--) {
    const next = firstOf(byStart, (index) => finish_ms(runners[index] as Runner, (shares[index] ?? 0) + 1));
    shares[next] = (shares[next] ?? 0) + 1;
  }
  return shares;
}

/** When all would be done together if items could be divided at will. */
function allDone_ms(items: number, runners: readonly Runner[], byStart: readonly number[]): number {
  let [rates, weighted, together_ms] = [0, 0, Number.POSITIVE_INFINITY];
  for (const index of byStart) {
    const runner = runners[index] as Runner;
    if (starts_ms(runner) >= together_ms) break;
    rates += 1 / runner.cost.perItem_ms;
    weighted += starts_ms(runner) / runner.cost.perItem_ms;
    together_ms = (items + weighted) / rates;
  }
  return together_ms;
}

const starts_ms = ({ freeAt_ms, cost }: Runner): number => freeAt_ms + cost.fixed_ms;

function firstOf(indices: readonly number[], time_ms: (index: number) => number): number {
  return indices.reduce((best, index) => (time_ms(index) < time_ms(best) ? index : best));
}

function lastOf(indices: readonly number[], time_ms: (index: number) => number): number {
  return indices.reduce((worst, index) => (time_ms(index) >= time_ms(worst) ? index : worst));
}
