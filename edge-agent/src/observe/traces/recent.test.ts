import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRecent } from './recent.ts';

it('keeps what was set last, and no more than it may', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.integer({ min: 1, max: 8 }), (keys, most) => {
      const recent = createRecent<number, number>(most);
      for (const [i, key] of keys.entries()) recent.set(key, i);
      const last = [...new Set(keys.toReversed())].slice(0, most);
      expect(
        recent
          .entries()
          .map(([key]) => key)
          .toReversed(),
      ).toEqual(last);
      for (const key of last) expect(recent.get(key)).toBe(keys.lastIndexOf(key));
    }),
  );
});
