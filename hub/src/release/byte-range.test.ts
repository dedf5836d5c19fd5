import { expect, test } from 'vitest';
import { byteRange } from './byte-range.ts';

test.each([
  [undefined, { offset: 0, length: 100, partial: false }],
  ['bytes=0-9', { offset: 0, length: 10, partial: true }],
  ['bytes=90-', { offset: 90, length: 10, partial: true }],
  ['bytes=-5', { offset: 95, length: 5, partial: true }],
  ['bytes=-500', { offset: 0, length: 100, partial: true }],
  ['bytes=50-900', { offset: 50, length: 50, partial: true }],
  ['bytes=100-', undefined],
  ['bytes=9-3', undefined],
  ['bytes=-0', undefined],
  ['bytes=0-1,4-5', { offset: 0, length: 100, partial: false }],
  ['lines=1-2', { offset: 0, length: 100, partial: false }],
  ['bytes=-', { offset: 0, length: 100, partial: false }],
])('%s of 100 bytes', (header, expected) => expect(byteRange(header, 100, 1000)).toEqual(expected));

test('a long object is given in parts', () => {
  expect(byteRange(undefined, 5000, 1000)).toEqual({ offset: 0, length: 1000, partial: true });
});
