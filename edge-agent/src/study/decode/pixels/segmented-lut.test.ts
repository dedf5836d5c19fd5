import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expandSegments } from './segmented-lut.ts';

describe('a segmented palette', () => {
  it('is runs, straight lines and references', () => {
    // Two values, a line of four to 50, and both of these segments once more.
    const words = [0, 2, 1, 10, 1, 4, 50, 2, 2, 0, 0];
    expect(expandSegments(words, 12, 16)).toEqual({
      ok: true,
      value: Uint16Array.of(1, 10, 20, 30, 40, 50, 1, 10, 20, 30, 40, 50),
    });
  });

  it('of bytes refers to them with offsets of four', () => {
    expect(expandSegments([0, 1, 7, 2, 1, 0, 0, 0, 0], 2, 8)).toEqual({ ok: true, value: Uint16Array.of(7, 7) });
  });

  it.each([
    ['a line from nowhere', [1, 2, 9]],
    ['an unknown segment', [3, 1, 1]],
    ['a run that is cut short', [0, 4, 1]],
    ['more than its entries', [0, 5, 1, 2, 3, 4, 5]],
    ['fewer than its entries', [0, 1, 1]],
    ['a reference to itself', [2, 1, 0, 0]],
    ['a reference behind the end', [0, 1, 1, 2, 1, 400, 0]],
    ['segments of nothing for ever', [0, 0, 2, 65_535, 0, 0, 2, 65_535, 0, 0]],
  ])('is refused with %s', (_, words) => {
    expect(expandSegments(words, 4, 16).ok).toBe(false);
  });

  it('is its whole length or refused, whatever the words', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 30 }), fc.integer({ min: 1, max: 40 }), (words, entries) => {
        const expanded = expandSegments(words, entries, 16);
        expect(expanded.ok ? expanded.value.length : entries).toBe(entries);
      }),
    );
  });
});
