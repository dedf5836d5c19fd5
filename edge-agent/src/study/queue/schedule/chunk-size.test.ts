import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkItems, itemsMin } from './chunk-size.ts';
import { costOf } from './run-cost.ts';

const limits = { chunkMax_ms: 400, fixedShareMax: 0.2 };

describe('the size of a chunk', () => {
  it.each([
    ['the best batch while it is short', 100, { fixed_ms: 6, perItem_ms: 4 }, 32, 25],
    ['equal parts rather than a crumb at the end', 33, { fixed_ms: 6, perItem_ms: 4 }, 32, 17],
    ['what runs no longer than the limit', 100, { fixed_ms: 30, perItem_ms: 150 }, 4, 2],
    ['what is worth its fixed cost, if that is longer', 100, { fixed_ms: 200, perItem_ms: 270 }, 4, 3],
    ['one item, however long it takes', 7, { fixed_ms: 0, perItem_ms: 9_000 }, 4, 1],
  ])('is %s', (_, items, cost, itemsMax, expected) => {
    expect(chunkItems(items, cost, itemsMax, limits)).toBe(expected);
  });

  it('keeps to its bounds', () => {
    const cost = fc.record({
      fixed_ms: fc.double({ min: 0, max: 1e4, noNaN: true }),
      perItem_ms: fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e4 }), cost, fc.integer({ min: 1, max: 256 }), (items, cost, itemsMax) => {
        const size = chunkItems(items, cost, itemsMax, limits);
        const least = itemsMin(cost, itemsMax, limits);
        expect(size).toBeGreaterThanOrEqual(1);
        expect(size).toBeLessThanOrEqual(Math.min(items, itemsMax));
        expect(least).toBeGreaterThanOrEqual(1);
        expect(least).toBeLessThanOrEqual(itemsMax);
        expect(costOf(cost, size) <= limits.chunkMax_ms || size <= least).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
