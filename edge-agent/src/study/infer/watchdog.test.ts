import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stuckAfter_ms } from './watchdog.ts';

const watchdog = { factor: 5, floor_ms: 30_000 };

describe('when a task counts as stuck', () => {
  it('is generous before anything is known, and more so for a long series', () => {
    expect(stuckAfter_ms(undefined, 1, watchdog)).toBeGreaterThanOrEqual(120_000);
    expect(stuckAfter_ms(undefined, 3_000, watchdog)).toBeGreaterThan(1_000_000);
  });

  it('is a multiple of what is expected', () => expect(stuckAfter_ms(20_000, 1, watchdog)).toBe(100_000));

  it('is never below the floor', () => {
    fc.assert(
      fc.property(fc.option(fc.nat(1e6), { nil: undefined }), fc.nat(5_000), (expected_ms, size) => {
        expect(stuckAfter_ms(expected_ms, size, watchdog)).toBeGreaterThanOrEqual(watchdog.floor_ms);
      }),
    );
  });
});
