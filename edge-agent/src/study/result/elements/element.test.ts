import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal } from './element.ts';
import { encodeDataSet } from './encode-dataset.ts';

describe('a decimal string', () => {
  it('has at most 16 characters of a number, and is as close as they allow', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
        const written = decimal(value);
        expect(written.length).toBeLessThanOrEqual(16);
        expect(written).toMatch(/^-?\d+(\.\d+)?(e[+-]?\d+)?$/);
        const allowed = String(value).length <= 16 ? 0 : Math.abs(value) * 1e-8;
        expect(Math.abs(Number(written) - value)).toBeLessThanOrEqual(allowed);
      }),
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('is not made of %s', (value) => {
    expect(() => decimal(value)).toThrow(RangeError);
  });
});

describe('a data set', () => {
  it('is the same bytes in whatever order its elements are given', () => {
    const elements = fc.uniqueArray(
      fc.record({
        tag: fc.integer({ min: 0, max: 0xffffffff }),
        vr: fc.constantFrom('LO', 'OB', 'UT'),
        value: fc.uint8Array({ maxLength: 9 }),
      }),
      { selector: (element) => element.tag, maxLength: 8 },
    );
    fc.assert(
      fc.property(elements, (given) => {
        const bytes = encodeDataSet(given);
        expect(encodeDataSet([...given].reverse())).toEqual(bytes);
        expect(bytes.length % 2).toBe(0);
      }),
    );
  });
});
