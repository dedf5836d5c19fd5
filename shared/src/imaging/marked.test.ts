import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countMarked, nextMarked } from './marked.ts';

test('marked voxels are found and counted wherever in memory a mask begins', () => {
  const voxels = fc.array(
    fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 255 }) }),
    { maxLength: 90 },
  );
  fc.assert(
    fc.property(voxels, fc.nat(7), fc.nat(90), fc.nat(90), (values, begins, from, to) => {
      const memory = new Uint8Array(begins + values.length + 3).fill(7);
      const mask = memory.subarray(begins, begins + values.length);
      mask.set(values);
      expect(countMarked(mask)).toBe(values.filter((value) => value !== 0).length);
      const [low, high] = [Math.min(from, to, values.length), Math.min(Math.max(from, to), values.length)];
      const found = values.findIndex((value, i) => i >= low && i < high && value !== 0);
      expect(nextMarked(mask, low, high)).toBe(found < 0 ? high : found);
    }),
    { numRuns: 1000 },
  );
});
