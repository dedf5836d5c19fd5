import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diametersOf } from './diameters.ts';
import { intensityOf } from './intensity.ts';
import { keySlices } from './key-slices.ts';
import { type Outline, outlinesOf, type Point, signedArea, thinned } from './outlines.ts';
import { largestPart, type SliceMask } from './slice-parts.ts';

const anySlice = fc
  .record({ rows: fc.integer({ min: 1, max: 9 }), columns: fc.integer({ min: 1, max: 9 }) })
  .chain(({ rows, columns }) =>
    fc
      .uint8Array({ minLength: rows * columns, maxLength: rows * columns, max: 1 })
      .map((pixels): SliceMask => ({ pixels, rows, columns })),
  );
const counted = (pixels: Uint8Array): number => pixels.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);

/** Even-odd rule for a point that lies on no line. */
function inside(outlines: readonly Outline[], row: number, column: number): boolean {
  let crossings = 0;
  for (const outline of outlines)
    outline.forEach((a, i) => {
      const b = outline[(i + 1) % outline.length] as Point;
      if (a.column === b.column && a.column > column && Math.min(a.row, b.row) < row && row < Math.max(a.row, b.row))
        crossings += 1;
    });
  return crossings % 2 === 1;
}

describe('the outlines of a mask', () => {
  it('enclose the pixels that are set and no other', () => {
    fc.assert(
      fc.property(anySlice, (mask) => {
        const outlines = outlinesOf(mask);
        const back = Uint8Array.from(mask.pixels, (_, i) =>
          inside(outlines, Math.floor(i / mask.columns) + 0.5, (i % mask.columns) + 0.5) ? 1 : 0,
        );
        expect(back).toEqual(mask.pixels);
      }),
    );
  });

  it('have areas that add up to the pixels, and turn at every point', () => {
    fc.assert(
      fc.property(anySlice, (mask) => {
        const outlines = outlinesOf(mask);
        expect(outlines.reduce((sum, outline) => sum + signedArea(outline), 0)).toBe(counted(mask.pixels));
        for (const outline of outlines) {
          expect(outline.length).toBeGreaterThanOrEqual(4);
          outline.forEach((point, i) => {
            const next = outline[(i + 1) % outline.length] as Point;
            const before = outline.at(i - 1) as Point;
            expect((point.row === next.row) !== (point.column === next.column)).toBe(true);
            expect((before.row === point.row) === (point.row === next.row)).toBe(false);
          });
        }
      }),
    );
  });

  it('are one outer line for a part that hangs together', () => {
    fc.assert(
      fc.property(anySlice, (mask) => {
        const part = largestPart(mask);
        expect(part?.count ?? 0).toBe(counted(part?.pixels ?? mask.pixels));
        const outer = part === undefined ? [] : outlinesOf(part).filter((outline) => signedArea(outline) > 0);
        expect(outer).toHaveLength(part === undefined ? 0 : 1);
      }),
    );
  });

  it('can be thinned', () => {
    const outline = Array.from({ length: 10 }, (_, i) => ({ row: i, column: i * i }));
    expect(thinned(outline, 10)).toBe(outline);
    expect(thinned(outline, 4).map(({ row }) => row)).toEqual([0, 2, 5, 7]);
  });
});

describe('diameters', () => {
  it.each([
    [{ rows: 3, columns: 4 }, { rows: 1, columns: 1 }, 5],
    [{ rows: 1, columns: 1 }, { rows: 0.5, columns: 1.2 }, 1.3],
  ])('of a rectangle: its diagonal, and the chord across it (%o)', (size, spacing, longest) => {
    const pixels = new Uint8Array(size.rows * size.columns).fill(1);
    const [outline] = outlinesOf({ ...size, pixels }) as [Outline];
    const found = diametersOf(outline, spacing);
    expect(found.longest_mm).toBeCloseTo(longest, 9);
    // At a corner off the diagonal the chord is 2 × area of the triangle / diagonal, and it grows linearly to there.
    const [a, b] = [size.rows * spacing.rows, size.columns * spacing.columns].sort((x, y) => x - y) as [number, number];
    expect(found.perpendicular_mm).toBeCloseTo((a * longest) / b, 9);
  });

  it('of a disc are those of the disc', () => {
    const size = 101;
    const pixels = Uint8Array.from({ length: size * size }, (_, i) => {
      const [row, column] = [Math.floor(i / size) - 50, (i % size) - 50];
      return row * row + column * column <= 40 * 40 ? 1 : 0;
    });
    const [outline] = outlinesOf({ pixels, rows: size, columns: size }) as [Outline];
    const { longest_mm, perpendicular_mm } = diametersOf(outline, { rows: 0.5, columns: 0.5 });
    expect(Math.abs(longest_mm - 40.5)).toBeLessThan(0.6);
    expect(Math.abs(perpendicular_mm - 40.5)).toBeLessThan(0.6);
  });

  it('the perpendicular one is never the longer, and neither depends on where the part lies', () => {
    fc.assert(
      fc.property(anySlice, fc.integer({ min: 1, max: 50 }), (mask, by) => {
        const part = largestPart(mask);
        if (part === undefined) return;
        const outline = outlinesOf(part).find((one) => signedArea(one) > 0) as Outline;
        const spacing = { rows: 0.7, columns: 1.3 };
        const found = diametersOf(outline, spacing);
        expect(found.perpendicular_mm).toBeLessThanOrEqual(found.longest_mm + 1e-9);
        const moved = diametersOf(
          outline.map(({ row, column }) => ({ row: row + by, column: column + 2 * by })),
          spacing,
        );
        expect(moved.longest_mm).toBeCloseTo(found.longest_mm, 6);
      }),
    );
  });
});

describe('intensities and key slices', () => {
  const slices = [
    { pixels: Int16Array.from([1, 2, 3, 4]), rows: 2, columns: 2, slope: 2, intercept: -1 },
    { pixels: Int16Array.from([5, 6, 7, 9]), rows: 2, columns: 2, slope: 1, intercept: 0 },
  ];

  it('are those of the rescaled values under the mask', async () => {
    const sliceAt = (index: number) => Promise.resolve(slices[index] as (typeof slices)[number]);
    const found = await intensityOf(sliceAt, Uint8Array.from([1, 0, 0, 1, 0, 0, 0, 1]), 4);
    expect(found).toMatchObject({ min: 1, max: 9 });
    expect(found?.mean).toBeCloseTo((1 + 7 + 9) / 3, 12);
    expect(found?.std).toBeCloseTo(Math.sqrt((1 + 49 + 81) / 3 - ((1 + 7 + 9) / 3) ** 2), 12);
    expect(await intensityOf(sliceAt, new Uint8Array(8), 4)).toBeUndefined();
  });

  it('are the largest, in the order of the volume', () => {
    const mask = Uint8Array.from([1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
    expect(keySlices(mask, 4, 1)).toEqual([2]);
    expect(keySlices(mask, 4, 2)).toEqual([1, 2]);
    expect(keySlices(mask, 4, 9)).toEqual([0, 1, 2]);
  });
});
