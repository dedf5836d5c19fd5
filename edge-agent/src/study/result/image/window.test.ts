import { describe, expect, it } from 'vitest';
import { turnedOver } from '../../decode/pixels/stored-values.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import { exampleSources } from '../testing/example-input.ts';
import { storedWindowOf, windowOf } from './window.ts';

const [example] = exampleSources({
  ...{ slices: 1, rows: 2, columns: 2, origin_mm: [0, 0, 0], rowCosines: [1, 0, 0], columnCosines: [0, 1, 0] },
  ...{ step_mm: [0, 0, 2], spacing_mm: { rows: 1, columns: 1 } },
}) as [SliceHeader];
const format = { ...example.format, photometric: 'MONOCHROME1', bitsStored: 10, signed: false } as const;
const { window: _, ...undeclared } = { ...example, format, slope: 2, intercept: -100 };
const never = () => Promise.reject(new Error('no pixel is needed'));

describe('the window of a presentation state', () => {
  it('is what a MONOCHROME1 source declares, as it is', async () => {
    const window = { center: 300, width: 200 };
    expect(await storedWindowOf({ ...undeclared, window }, never)).toEqual(window);
  });

  it.each([false, true])(
    'holds the same stored values as the window of values that were turned over (signed: %s)',
    async (signed) => {
      const stored = Int16Array.from(signed ? [-400, -100, 0, 200] : [10, 100, 500, 900]);
      const slice = { pixels: turnedOver(stored, 10, signed), rows: 2, columns: 2, slope: 2, intercept: -100 };
      const header = { ...undeclared, format: { ...format, signed } };
      const seen = windowOf(slice, header);
      const { center, width } = await storedWindowOf(header, () => Promise.resolve(slice));
      expect(width).toBe(seen.width);
      for (const [i, value] of stored.entries()) {
        const [turned, plain] = [(slice.pixels[i] as number) * 2 - 100 - seen.center, value * 2 - 100 - center];
        expect(plain).toBeCloseTo(-turned, 9);
      }
    },
  );

  it('that is asked for is turned back, for it speaks of values that were turned over', async () => {
    // 0 … 1023, so -100 … 1946: 200 above the lowest is 200 below the greatest.
    expect(await storedWindowOf(undeclared, never, { center: 100, width: 50 })).toEqual({ center: 1746, width: 50 });
  });
});
