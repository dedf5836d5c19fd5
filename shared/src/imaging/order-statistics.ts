import type { Pixels } from './slice.ts';

/** Visits every value of a population, slice by slice; called twice, with the same values each time. */
export type Visit = (take: (values: Pixels) => void) => void;

const BUCKETS = 65_536;

/**
 * The k-th smallest values (k counted from 0) of any number of float32 values, without holding or sorting them:
 * a radix selection over the bit patterns, high halves first, then low halves of the buckets that hold a rank.
 * Memory is (1 + ranks) × 512 KiB whatever the series' size. NaN is not counted.
 *
 * @returns the number of values and, rank by rank, the value; `rank` receives the number of values
 */
export function orderStatistics(
  visit: Visit,
  ranksFor: (count: number) => readonly number[],
): { readonly count: number; readonly values: readonly number[] } {
  const scratch = new Float32Array(1);
  const bits = new Uint32Array(scratch.buffer);
  const high = new Float64Array(BUCKETS);
  let count = 0;
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      scratch[0] = values[i] as number;
      if (Number.isNaN(scratch[0])) continue;
      const key = sortable(bits[0] as number) >>> 16;
      high[key] = (high[key] as number) + 1;
      count++;
    }
  });
  const ranks = ranksFor(count);
  if (ranks.some((rank) => rank < 0 || rank >= count || !Number.isInteger(rank)))
    throw new RangeError(`a rank lies outside the ${count} values`);
  const found = ranks.map((rank) => bucketOf(high, rank));
  const low = new Map(found.map(({ bucket }) => [bucket, new Float64Array(BUCKETS)]));
  visit((values) => {
    for (let i = 0; i < values.length; i++) {
      scratch[0] = values[i] as number;
      if (Number.isNaN(scratch[0])) continue;
      const key = sortable(bits[0] as number);
      const counts = low.get(key >>> 16);
      if (counts !== undefined) counts[key & 0xffff] = (counts[key & 0xffff] as number) + 1;
    }
  });
  const values = found.map(({ bucket, rest }) => {
    const inner = bucketOf(low.get(bucket) as Float64Array, rest);
    bits[0] = unsortable(((bucket << 16) | inner.bucket) >>> 0);
    return scratch[0] as number;
  });
  return { count, values };
}

/** A float32 bit pattern as an unsigned number of the same order. */
const sortable = (pattern: number): number => (pattern & 0x80000000 ? ~pattern >>> 0 : (pattern | 0x80000000) >>> 0);
const unsortable = (key: number): number => (key & 0x80000000 ? (key & 0x7fffffff) >>> 0 : ~key >>> 0);

function bucketOf(counts: Float64Array, rank: number): { readonly bucket: number; readonly rest: number } {
  let rest = rank;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    const here = counts[bucket] as number;
    if (rest < here) return { bucket, rest };
    rest -= here;
  }
  throw new RangeError('the values changed between two visits');
}

/**
 * Percentiles with linear interpolation between the two nearest ranks (NumPy's default method).
 * @param percents each 0..100
 * @returns one value per percent, or undefined when there is no value at all
 */
export function percentiles(visit: Visit, percents: readonly number[]): readonly number[] | undefined {
  let empty = false;
  let positions: readonly number[] = [];
  const { values } = orderStatistics(visit, (count) => {
    empty = count === 0;
    if (empty) return [];
    positions = percents.map((percent) => (percent / 100) * (count - 1));
    return positions.flatMap((position) => [Math.floor(position), Math.min(Math.floor(position) + 1, count - 1)]);
  });
  if (empty) return undefined;
  return positions.map((position, i) => {
    const below = values[2 * i] as number;
    const above = values[2 * i + 1] as number;
    return below + (above - below) * (position - Math.floor(position));
  });
}
