import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Runner, shareOut } from './earliest-finish.ts';
import { costOf } from './run-cost.ts';

const runner = (perItem_ms: number, freeAt_ms = 0, fixed_ms = 0, itemsMin = 1): Runner => ({
  ...{ freeAt_ms, itemsMin },
  cost: { fixed_ms, perItem_ms },
});

const lastDone_ms = (shares: readonly number[], runners: readonly Runner[]): number =>
  Math.max(
    ...runners.flatMap(({ freeAt_ms, cost }, index) => {
      const share = shares[index] ?? 0;
      return share === 0 ? [] : [freeAt_ms + costOf(cost, share)];
    }),
  );

describe('sharing out', () => {
  it('makes unequal devices finish together', () => {
    expect(shareOut(375, [runner(1 / 2.2), runner(1), runner(1 / 0.55)], 375)).toEqual([220, 100, 55]);
  });

  it('leaves a slow device idle where a fast one, busy now, would be done sooner', () => {
    expect(shareOut(1, [runner(10, 50), runner(100)], 8)).toEqual([1, 0]);
    expect(shareOut(1, [runner(10, 95), runner(100)], 8)).toEqual([0, 1]);
  });

  it('gives a slow device its part of what is too much for the fast one', () => {
    expect(shareOut(22, [runner(10, 0), runner(100, 0)], 32)).toEqual([20, 2]);
  });

  it('cuts no crumb that is not worth its fixed cost, unless it costs no chunk more', () => {
    const two = [runner(4, 0, 20, 6), runner(4, 0, 20, 6)];
    expect(shareOut(8, two, 32)).toEqual([8, 0]);
    expect(shareOut(8, two, 4)).toEqual([4, 4]);
    expect(shareOut(12, two, 32)).toEqual([6, 6]);
  });

  const someRunner = fc.record({
    freeAt_ms: fc.integer({ min: 0, max: 500 }),
    itemsMin: fc.constant(1),
    cost: fc.record({ fixed_ms: fc.integer({ min: 0, max: 50 }), perItem_ms: fc.integer({ min: 1, max: 200 }) }),
  });

  it('shares out all, and is done within an item of the best there is', () => {
    fc.assert(
      fc.property(
        fc.array(someRunner, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 12 }),
        (runners, items) => {
          const shares = shareOut(items, runners, items);
          expect(shares.reduce((sum, share) => sum + share, 0)).toBe(items);
          const best_ms = Math.min(...everyWay(items, runners.length).map((way) => lastDone_ms(way, runners)));
          const item_ms = Math.max(...runners.map(({ cost }) => cost.perItem_ms));
          expect(lastDone_ms(shares, runners)).toBeLessThanOrEqual(best_ms + item_ms);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

/** All ways to share items out over so many. */
function everyWay(items: number, over: number): number[][] {
  if (over === 1) return [[items]];
  return Array.from({ length: items + 1 }, (_, own) =>
    everyWay(items - own, over - 1).map((rest) => [own, ...rest]),
  ).flat();
}
