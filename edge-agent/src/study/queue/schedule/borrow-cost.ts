import { costOf, type RunCost } from './run-cost.ts';
import type { CostKey } from './scheduler.ts';
import type { CostReading } from './cost-model.ts';

/** A cost, and how well it is founded. */
export type Borrowed = RunCost & { readonly from: 'learned' | 'other device' | 'other keys' | 'nothing' };

/** What is assumed before anything was run anywhere: a small network on a processor. */
export const firstGuess: RunCost = { fixed_ms: 10, perItem_ms: 20 };

/**
 * What a device that never ran a key will take: what the others take, scaled by how the two compare in what both ran;
 * else what the device takes for other things; else what others take for other things.
 */
export function borrow(device: string, key: CostKey, readings: readonly CostReading[]): Borrowed {
  const own = readings.filter((one) => one.device === device);
  const ofKey = readings.filter((one) => one.key === key && one.device !== device);
  if (ofKey.length > 0) {
    const costs = ofKey.map((one) => {
      const factor = comparedWith(
        own,
        readings.filter(({ device }) => device === one.device),
      );
      return { fixed_ms: one.fixed_ms * factor, perItem_ms: one.perItem_ms * factor };
    });
    return { ...middleOf(costs), from: 'other device' };
  }
  const others = own.length > 0 ? own : readings;
  return others.length > 0 ? { ...middleOf(others), from: 'other keys' } : { ...firstGuess, from: 'nothing' };
}

/** How many times longer a device takes than another for what both have run; 1 when that is nothing. */
function comparedWith(own: readonly CostReading[], theirs: readonly CostReading[]): number {
  const logs = own.flatMap((one) => {
    const other = theirs.find(({ key }) => key === one.key);
    return other === undefined ? [] : [Math.log(costOf(one, other.usualItems) / costOf(other, other.usualItems))];
  });
  return logs.length === 0 ? 1 : Math.exp(mean(logs));
}

/** Geometric in the cost of an item, since devices and models differ by factors. */
const middleOf = (costs: readonly RunCost[]): RunCost => ({
  fixed_ms: mean(costs.map(({ fixed_ms }) => fixed_ms)),
  perItem_ms: Math.exp(mean(costs.map(({ perItem_ms }) => Math.log(perItem_ms)))),
});

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
