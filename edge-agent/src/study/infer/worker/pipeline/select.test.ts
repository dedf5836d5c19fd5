import { describe, expect, it } from 'vitest';
import type { ClassificationStage, SegmentationStage } from '@collimator/shared/contracts/release';
import { contiguous, cropped, layInto, partOn } from './given.ts';
import { givenTo, regionOf, slicesOf } from './select.ts';

const geometry = { slices: 6, rows: 8, columns: 10, spacing_mm: { slices: 2, rows: 1, columns: 0.5 } };
const code = { scheme: 'T', code: '1', meaning: 'T' };
const common = {
  name: 'find',
  model: 'm',
  unit: 'slice' as const,
  inputs: [],
  outputs: [],
  batch_sizes: [1],
  preprocessing: [],
};

const segmentation = (selection: SegmentationStage['selection']): SegmentationStage => ({
  ...common,
  ...{ postprocessing: [], measurements: [] },
  segments: [{ number: 3, label: 'Three', category: code, type: code }],
  ...(selection !== undefined && { selection }),
});
/** Marked from slice 2 to 3, row 4 to 5, column 6. */
const marked = (): Uint8Array => {
  const voxels = new Uint8Array(6 * 8 * 10);
  for (const slice of [2, 3]) for (const row of [4, 5]) voxels[(slice * 8 + row) * 10 + 6] = 1;
  return voxels;
};
const masks = (voxels = marked()) => ({ masks: [{ segment: 3, voxels }], probabilities: undefined });

describe('what a first stage selects', () => {
  it('is the box around a segment, as much wider as the margin is in each direction, within the volume', () => {
    const region = segmentation({ select: 'region', segment: 3, margin_mm: 2, none: 'no-finding' });
    expect(regionOf(region, masks(), geometry)).toEqual({ slices: [1, 2, 3, 4], rows: [2, 8], columns: [2, 10] });
    const slices = segmentation({ select: 'slices', segment: 3, margin_mm: 0, none: 'no-finding' });
    expect(regionOf(slices, masks(), geometry)).toEqual({ slices: [2, 3], rows: [0, 8], columns: [0, 10] });
    expect(regionOf(region, masks(new Uint8Array(480)), geometry)).toBeUndefined();
  });

  it('is the slices on which a class is present, and those near them', () => {
    const stage = (margin_mm: number): ClassificationStage => ({
      ...common,
      ...{ task: 'classification', activation: 'sigmoid' },
      labels: [
        {
          label: 'Seen',
          concept: code,
          present: code,
          absent: code,
          absent_below: 0.2,
          present_from: 0.6,
          report_probability: true,
        },
      ],
      selection: { select: 'slices', label: 'Seen', margin_mm, none: 'abstained' },
    });
    const given = { slices: [0, 1, 2, 3, 4, 5], rows: [0, 8] as const, columns: [0, 10] as const };
    const classified = { probabilities: [], verdicts: [], items: [[0.1], [0.7], [0.1], [0.1], [0.59], [0.6]] };
    expect(slicesOf(stage(0), classified, given, geometry)?.slices).toEqual([1, 5]);
    expect(slicesOf(stage(2), classified, given, geometry)?.slices).toEqual([0, 1, 2, 4, 5]);
    // A volume has none missing between.
    expect(givenTo('volume', { ...given, slices: [1, 5] }).slices).toEqual([1, 2, 3, 4, 5]);
    expect(givenTo('slice', { ...given, slices: [1, 5] }).slices).toEqual([1, 5]);
    expect(
      slicesOf(stage(0), { ...classified, items: given.slices.map(() => [0.5]) }, given, geometry),
    ).toBeUndefined();
  });

  it('is cut out of a slice, and laid back where it was', () => {
    const pixels = Int16Array.from({ length: 80 }, (_, i) => i);
    const part = { rows: [2, 4] as const, columns: [3, 6] as const };
    const cut = cropped({ pixels, rows: 8, columns: 10, slope: 2 }, part);
    expect(cut).toMatchObject({ rows: 2, columns: 3, slope: 2 });
    expect([...cut.pixels]).toEqual([23, 24, 25, 33, 34, 35]);
    const whole = new Uint8Array(80);
    layInto(Uint8Array.from(cut.pixels), part, whole, 10);
    expect([...whole].flatMap((value, i) => (value === 0 ? [] : [[i, value]]))).toEqual(
      [...cut.pixels].map((value) => [value, value]),
    );
    expect(contiguous({ slices: [], ...part }).slices).toEqual([]);
  });
});

describe('a part of images that have sizes of their own', () => {
  const part = { rows: [2, 8] as const, columns: [0, 10] as const };

  it('goes as far as each image does', () => {
    expect(partOn(part, { rows: 6, columns: 12 })).toEqual({ rows: [2, 6], columns: [0, 10] });
    expect(partOn(part, { rows: 8, columns: 10 })).toEqual(part);
  });

  it('leaves an image that it holds as it is', () => {
    const slice = { pixels: Int16Array.from({ length: 12 }, (_, i) => i), rows: 3, columns: 4, slope: 1 };
    expect(cropped(slice, { rows: [0, 8], columns: [0, 10] })).toBe(slice);
    expect([...cropped(slice, { rows: [1, 8], columns: [2, 10] }).pixels]).toEqual([6, 7, 10, 11]);
  });
});
