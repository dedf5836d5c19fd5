import { percentiles, type Visit } from './order-statistics.ts';
import type { OpState } from './pointwise.ts';

/** The two percentiles of a population; 0 and 0 where there is none. */
export function percentileRange(visit: Visit, low: number, high: number): OpState & { kind: 'range' } {
  const found = percentiles(visit, [low, high]);
  return { kind: 'range', low: found?.[0] ?? 0, high: found?.[1] ?? 0 };
}

/**
 * Mean and population standard deviation, in two passes of float64 sums in the order of the values. NaN is not counted.
 *
 * @param nonzero whether 0 is left out too
 */
export function momentsOf(visit: Visit, nonzero = false): OpState & { kind: 'moments' } {
  let count = 0;
  let sum = 0;
  const counts = (value: number): boolean => !Number.isNaN(value) && !(nonzero && value === 0);
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (!counts(value)) continue;
      count++;
      sum += value;
    }
  });
  const mean = count === 0 ? 0 : sum / count;
  let squares = 0;
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (counts(value)) squares += (value - mean) ** 2;
    }
  });
  return { kind: 'moments', mean, std: count === 0 ? 0 : Math.sqrt(squares / count) };
}
