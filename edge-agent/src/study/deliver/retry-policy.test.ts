import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterFailure, attemptsMax, backoff_ms, classOfStatus } from './retry-policy.ts';

describe('what a C-STORE status means for a delivery', () => {
  it.each([
    [0x0000, 'delivered'],
    [0xb000, 'delivered'],
    [0xb007, 'delivered'],
    [0x0111, 'delivered'],
    [0xa700, 'transient'],
    [0xa7ff, 'transient'],
    [0x0110, 'transient'],
    [0x0122, 'permanent'],
    // Not authorized: only a person can change that, and a retry by hand sends it then.
    [0x0124, 'permanent'],
    [0xa900, 'permanent'],
    [0xc000, 'permanent'],
  ])('%i is %s', (status, expected) => {
    expect(classOfStatus(status)).toBe(expected);
  });
});

describe('how a delivery is tried again', () => {
  const times = { first_ms: 1_000, most_ms: 300_000 };
  const anyClass = fc.constantFrom('transient' as const, 'permanent' as const, 'ambiguous' as const);

  it('doubles the wait and stops at the longest', () => {
    expect([1, 2, 3, 9, 10, 2_000].map((n) => backoff_ms(n, times, 1))).toEqual([1e3, 2e3, 4e3, 256e3, 300e3, 300e3]);
  });

  it('never gives up before its bound, never goes on after it, never waits longer than the most', () => {
    fc.assert(
      fc.property(
        anyClass,
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (c, n, jitter) => {
          const after = afterFailure(c, n, times, jitter);
          expect(after.do === 'fail').toBe(n >= attemptsMax[c]);
          const wait_ms = after.do === 'again' ? after.in_ms : times.most_ms;
          expect(wait_ms).toBeGreaterThanOrEqual(0.75 * times.first_ms);
          expect(wait_ms).toBeLessThanOrEqual(times.most_ms);
        },
      ),
    );
  });
});
