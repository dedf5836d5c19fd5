import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isSampled, spanIdOf, traceIdOf } from './trace-ids.ts';

it('are the same for the same study, and others for every other one', () => {
  const key = fc.tuple(fc.string(), fc.nat(), fc.nat());
  fc.assert(
    fc.property(key, key, (a, b) => {
      const [one, other] = [traceIdOf(...a), traceIdOf(...b)];
      expect(one).toMatch(/^[0-9a-f]{32}$/);
      expect(one === other).toBe(JSON.stringify(a) === JSON.stringify(b));
    }),
  );
  // Other programs may compute it: it is a promise.
  expect(traceIdOf('RAD-0001', 17, 1)).toBe(traceIdOf('RAD-0001', 17, 1));
  expect(spanIdOf('0'.repeat(32), 'job', 1)).not.toBe(spanIdOf('0'.repeat(32), 'job', 11));
  expect(spanIdOf('0'.repeat(32), 'job', 1, 1)).not.toBe(spanIdOf('0'.repeat(32), 'job', 11));
});

it('are followed in the part that is asked for, and with a larger part also those of a smaller one', () => {
  const ids = Array.from({ length: 4_000 }, (_, i) => traceIdOf('RAD-0001', i, 1));
  const part = (ratio: number) => ids.filter((id) => isSampled(id, ratio));
  expect(part(0)).toEqual([]);
  expect(part(1)).toEqual(ids);
  // Six standard deviations of 4,000 throws.
  expect(Math.abs(part(0.25).length - 1_000)).toBeLessThan(165);
  const larger = new Set(part(0.5));
  expect(part(0.25).every((id) => larger.has(id))).toBe(true);
});
