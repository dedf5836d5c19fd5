import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawElement } from '../../decode/raw-element.ts';
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
      { examples: [[-0.000_001_045_540_810_455_408_1], [0.000_001_045_540_810_455_408_1], [-1.234_567_890_123e-300]] },
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

  it('is its elements one after the other, sequences with their items in them', () => {
    const element: fc.Arbitrary<RawElement> = fc.record({
      tag: fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 0xffffffff })),
      vr: fc.constantFrom('LO', 'UI', 'OB', 'UN', 'UT', 'US'),
      value: fc.uint8Array({ maxLength: 9 }),
    });
    const sequenceOf = (one: fc.Arbitrary<RawElement>): fc.Arbitrary<RawElement> =>
      fc.record({ tag: fc.nat(), vr: fc.constant('SQ'), value: fc.array(fc.array(one)) });
    const sequence = sequenceOf(fc.oneof(element, sequenceOf(element)));
    fc.assert(
      fc.property(fc.array(fc.oneof(element, sequence)), (given) => {
        expect(Buffer.compare(encodeDataSet(given), plainly(given))).toBe(0);
      }),
    );
  });

  it('has no value that is too long for its VR', () => {
    const value = new Uint8Array(65_535);
    expect(() => encodeDataSet([{ tag: 0x00100010, vr: 'PN', value }])).toThrow(/element 100010 of VR PN has 65536/);
    expect(encodeDataSet([{ tag: 0x00100010, vr: 'UT', value }]).length).toBe(65_548);
  });
});

/** PS3.5 §7.1.2, piece by piece. */
function plainly(elements: readonly RawElement[]): Buffer {
  const byTag = [...new Map(elements.map((element) => [element.tag, element])).values()];
  return Buffer.concat(
    byTag
      .toSorted((a, b) => a.tag - b.tag)
      .map(({ tag, vr, value }) => {
        const body =
          value instanceof Uint8Array
            ? Buffer.from([...value, ...(value.length % 2 === 0 ? [] : [/UI|OB|UN/.test(vr) ? 0 : 0x20])])
            : Buffer.concat(value.map((item) => prefixed([0xfe, 0xff, 0x00, 0xe0], 4, plainly(item))));
        const head = [...[16, 24, 0, 8].map((bits) => (tag >>> bits) & 0xff), ...Buffer.from(vr)];
        return /OB|UN|UT|SQ/.test(vr) ? prefixed([...head, 0, 0], 4, body) : prefixed(head, 2, body);
      }),
  );
}

function prefixed(head: readonly number[], lengthBytes: number, body: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntLE(body.length, 0, lengthBytes);
  return Buffer.concat([Buffer.from(head), length, body]);
}
