import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newAllowance, take } from './allowance.ts';

test('no sequence of requests gets more than the burst and what time refilled', () => {
  const request = fc.record({
    after_ms: fc.integer({ min: -1000, max: 5000 }),
    asked: fc.integer({ min: 0, max: 64 }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 50 }), (requests) => {
      const start = new Date(0);
      let allowance = newAllowance(100, start);
      let at = 0;
      let forward_ms = 0;
      let granted = 0;
      for (const { after_ms, asked } of requests) {
        at += after_ms;
        forward_ms += Math.max(0, after_ms);
        const taken = take(allowance, asked, new Date(at), 10, 100);
        expect(taken.granted).toBeLessThanOrEqual(asked);
        granted += taken.granted;
        allowance = taken.allowance;
      }
      expect(granted).toBeLessThanOrEqual(100 + (forward_ms / 1000) * 10 + 1e-6);
    }),
  );
});
