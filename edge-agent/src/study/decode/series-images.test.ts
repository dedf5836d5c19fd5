import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleSources } from '../result/testing/example-input.ts';
import { arrangeSeries } from './series-images.ts';
import type { SliceHeader } from './slice-header.ts';
import { assembleVolume } from './volume.ts';

const placed = exampleSources({
  ...{ slices: 4, rows: 4, columns: 3, origin_mm: [0, 0, 0], rowCosines: [1, 0, 0], columnCosines: [0, 1, 0] },
  ...{ step_mm: [0, 0, 2], spacing_mm: { rows: 0.5, columns: 0.75 } },
});
const bare = placed.map((slice, i): SliceHeader => ({ ...slice, geometry: undefined, instanceNumber: 4 - i }));
const at = (index: number, changes: Partial<SliceHeader>): readonly SliceHeader[] =>
  bare.map((slice, i) => (i === index ? { ...slice, ...changes } : slice));

describe('a series in order', () => {
  it('is a volume where its images say where they lie', () => {
    expect(arrangeSeries(placed, false)).toEqual(assembleVolume(placed));
    expect(arrangeSeries(placed, true)).toEqual(assembleVolume(placed));
  });

  it('is by number and then as given where none does; what has no number comes last', () => {
    const numbers = fc.array(fc.option(fc.integer({ min: 0, max: 3 }), { nil: undefined }), { minLength: 1 });
    fc.assert(
      fc.property(numbers, (list) => {
        const given = list.map((instanceNumber): SliceHeader => ({ ...(bare[0] as SliceHeader), instanceNumber }));
        const arranged = arrangeSeries(given, false);
        if (!arranged.ok) throw new Error(arranged.error.detail);
        const { order, slices, geometry } = arranged.value;
        expect(geometry).toBeUndefined();
        expect(slices).toEqual(order.map((index) => given[index]));
        expect(order.toSorted((a, b) => a - b)).toEqual(given.map((_, i) => i));
        const key = (index: number): number => list[index] ?? Number.POSITIVE_INFINITY;
        for (const [i, next] of order.slice(1).entries()) {
          const before = order[i] as number;
          expect(key(before) < key(next) || (key(before) === key(next) && before < next)).toBe(true);
        }
      }),
    );
  });

  it('may hold images of several sizes, frames of reference and kinds', () => {
    const format = { ...(bare[0] as SliceHeader).format, rows: 9 };
    expect(arrangeSeries(at(1, { format, frameOfReferenceUid: undefined, modality: 'DX' }), false)).toMatchObject({
      ok: true,
      value: { order: [3, 2, 1, 0], localizersLeftOut: 0 },
    });
  });

  it('is without its localizers', () => {
    const localizer = at(3, { imageType: ['ORIGINAL', 'PRIMARY', 'LOCALIZER'] });
    expect(arrangeSeries(localizer, false)).toMatchObject({
      ok: true,
      value: { order: [2, 1, 0], localizersLeftOut: 1 },
    });
  });

  it.each<[string, readonly SliceHeader[], boolean, string]>([
    ['a volume is needed', bare, true, 'series-without-geometry'],
    ['some say where they lie', at(2, { geometry: placed[2]?.geometry }), false, 'series-without-geometry'],
    ['another patient', at(1, { patientKey: 'other' }), false, 'series-mixed'],
    ['another study', at(1, { studyInstanceUid: '2.25.99' }), false, 'series-mixed'],
    ['another series', at(1, { seriesInstanceUid: '2.25.99' }), false, 'series-mixed'],
    ['a colour image', at(1, { unusable: 'a colour image (RGB)' }), false, 'image-unsupported'],
    ['no images', [], false, 'series-empty'],
    [
      'localizers only',
      bare.map((one) => ({ ...one, imageType: ['A', 'B', 'LOCALIZER'] })),
      false,
      'series-localizers',
    ],
  ])('is refused: %s', (_, given, volumeNeeded, code) => {
    expect(arrangeSeries(given, volumeNeeded)).toMatchObject({ ok: false, error: { code } });
  });
});
