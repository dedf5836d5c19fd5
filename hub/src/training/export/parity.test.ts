import { describe, expect, test } from 'vitest';
import { difference } from './parity.ts';

const of = (...values: number[]) => ({ dims: [values.length], data: Float32Array.from(values) });

describe('difference', () => {
  test('is the largest one', () => expect(difference(of(1, 2, 3), of(1, 2.5, 2.75))).toBe(0.5));
  test('is zero for equal infinities', () => expect(difference(of(Infinity), of(Infinity))).toBe(0));

  test.each([
    ['a NaN that was expected', of(Number.NaN, 1), of(0, 1)],
    ['a NaN that came out', of(0, 1), of(Number.NaN, 1)],
    ['NaN on both sides', of(Number.NaN, 1), of(Number.NaN, 1)],
    ['an infinity', of(1, 1), of(Infinity, 1)],
    ['another shape', of(1, 1), { dims: [1, 2], data: Float32Array.of(1, 1) }],
    ['another type', of(1, 1), { dims: [2], data: [1, 1] }],
    ['a missing output', of(1, 1), undefined],
  ])('is infinite for %s', (_name, expected, actual) => {
    expect(difference(expected, actual)).toBe(Infinity);
  });
});
