import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fragments } from './fragments.ts';
import { framesByStarts, framesByTable } from './frame-fragments.ts';

/** Fragments of the given lengths, one behind the other, and the offset of each. */
function fragmentsOf(lengths: readonly number[], basicOffsets: readonly number[] = []): Fragments {
  const base = 1000;
  let at = base;
  const dataAt = lengths.map((length) => {
    const data = at + 8;
    at = data + length;
    return data;
  });
  return { dataAt, lengths, base, basicOffsets };
}

/** How many fragments each frame has, and how long each is. */
const anyFrames = fc.array(
  fc.array(
    fc.nat(50).map((half) => 2 * half),
    { minLength: 1, maxLength: 4 },
  ),
  {
    minLength: 1,
    maxLength: 8,
  },
);

describe('frames in fragments', () => {
  it('are found by either table, and by where streams begin', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        const lengths = frames.flat();
        const first = frames.map((_, i) => frames.slice(0, i).flat().length);
        const { dataAt, base } = fragmentsOf(lengths);
        const offsets = first.map((fragment) => (dataAt[fragment] as number) - 8 - base);
        const wanted = { ok: true, value: frames.length === 1 ? [0] : first };
        expect(framesByTable(fragmentsOf(lengths, offsets), frames.length, [])).toEqual(wanted);
        expect(framesByTable(fragmentsOf(lengths), frames.length, offsets)).toEqual(wanted);
        const starts = lengths.map((_, i) => first.includes(i));
        expect(framesByStarts(starts, frames.length)).toEqual({ ok: true, value: first });
      }),
    );
  });

  it('are one fragment each where there are as many, whatever a table says', () => {
    expect(framesByTable(fragmentsOf([4, 4, 4], [0, 7, 9]), 3, [])).toEqual({ ok: true, value: [0, 1, 2] });
  });

  it.each([
    ['points into a fragment', [0, 14]],
    ['goes backwards', [12, 0]],
    ['has an entry too few', [0]],
    ['points behind the end', [0, 9999]],
    ['is empty', []],
  ])('are left to their streams where a table %s', (_, offsets) => {
    expect(framesByTable(fragmentsOf([4, 4, 4], offsets), 2, [])).toEqual({ ok: true, value: undefined });
  });

  it('are refused where they are more than the fragments, or than the streams that begin', () => {
    expect(framesByTable(fragmentsOf([4]), 2, []).ok).toBe(false);
    expect(framesByStarts([true, false, false], 2).ok).toBe(false);
    expect(framesByStarts([false, true, true], 2).ok).toBe(false);
  });
});
