import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBits } from './bit-packing.ts';

describe('bit packing', () => {
  it('puts frame after frame with no bit between, lowest bit first', () => {
    const frames = fc
      .integer({ min: 1, max: 19 })
      .chain((size) =>
        fc.array(fc.uint8Array({ minLength: size, maxLength: size, max: 1 }), { minLength: 1, maxLength: 9 }),
      );
    fc.assert(
      fc.property(frames, (given) => {
        const packed = packBits(given);
        const bits = [...packed].flatMap((byte) => Array.from({ length: 8 }, (_, i) => (byte >> i) & 1));
        const wanted = given.flatMap((frame) => [...frame]);
        expect(bits.slice(0, wanted.length)).toEqual(wanted);
        expect(bits.slice(wanted.length).every((bit) => bit === 0)).toBe(true);
        expect(packed).toHaveLength(Math.ceil(wanted.length / 8));
      }),
    );
  });
});
