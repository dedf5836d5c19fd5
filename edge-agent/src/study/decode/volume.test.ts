import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyGrid } from '../result/testing/any-grid.ts';
import { type ExampleGrid, exampleSources } from '../result/testing/example-input.ts';
import type { SliceHeader } from './slice-header.ts';
import { length, subtract, type Vector } from './vector.ts';
import { assembleVolume, voxelCentre } from './volume.ts';

const axial: ExampleGrid = {
  slices: 5,
  rows: 4,
  columns: 3,
  origin_mm: [-90, -91, -31],
  rowCosines: [1, 0, 0],
  columnCosines: [0, 1, 0],
  step_mm: [0, 0, 2],
  spacing_mm: { rows: 0.5, columns: 0.75 },
};

const shuffled = (sources: readonly SliceHeader[]) =>
  fc.shuffledSubarray([...sources], { minLength: sources.length, maxLength: sources.length });

describe('a volume from slices', () => {
  it('is the same, to the last bit, in whatever order the slices come', () => {
    const shuffle = anyGrid.chain((grid) =>
      fc.record({ grid: fc.constant(grid), given: shuffled(exampleSources(grid)) }),
    );
    fc.assert(
      fc.property(shuffle, ({ grid, given }) => {
        const sorted = assembleVolume(exampleSources(grid));
        const mixed = assembleVolume(given);
        if (!sorted.ok || !mixed.ok) throw new Error(JSON.stringify([sorted, mixed]));
        expect(mixed.value.geometry).toEqual(sorted.value.geometry);
        expect(mixed.value.slices).toEqual(exampleSources(grid));
        expect(mixed.value.order.map((index) => given[index])).toEqual(mixed.value.slices);
      }),
    );
  });

  it('has the volume of its voxels, and each voxel where its slice says', () => {
    fc.assert(
      fc.property(anyGrid, (grid) => {
        const volume = assembleVolume(exampleSources(grid));
        if (!volume.ok) throw new Error(volume.error.detail);
        const { geometry, slices } = volume.value;
        const wanted = length(grid.step_mm) * grid.spacing_mm.rows * grid.spacing_mm.columns;
        expect(geometry.voxel_mm3 / wanted).toBeCloseTo(1, 9);
        slices.forEach((slice, i) => {
          const apart = subtract(voxelCentre(geometry, i, 0, 0), slice.geometry?.position_mm as Vector);
          expect(length(apart)).toBeLessThan(1e-6);
        });
      }),
    );
  });

  const one = exampleSources(axial);
  const moved = (index: number, by: Vector): readonly SliceHeader[] =>
    one.map((slice, i) => {
      const geometry = slice.geometry as NonNullable<SliceHeader['geometry']>;
      return i === index
        ? { ...slice, geometry: { ...geometry, position_mm: subtract(geometry.position_mm, by) } }
        : slice;
    });
  const changed = (change: Partial<SliceHeader>): readonly SliceHeader[] =>
    one.map((slice, i) => (i === 2 ? { ...slice, ...change } : slice));
  const geometry = one[2]?.geometry as NonNullable<SliceHeader['geometry']>;
  const format = one[2]?.format as SliceHeader['format'];

  it.each<[string, readonly SliceHeader[], string]>([
    ['no slices', [], 'series-empty'],
    ['a slice without geometry', changed({ geometry: undefined }), 'series-without-geometry'],
    ['no frame of reference', one.map((s) => ({ ...s, frameOfReferenceUid: undefined })), 'series-without-geometry'],
    [
      'one slice without thickness',
      [{ ...(one[0] as SliceHeader), sliceThickness_mm: undefined }],
      'series-without-geometry',
    ],
    [
      'cosines at no right angle',
      one.map((s) => ({ ...s, geometry: { ...geometry, columnCosines: [0.8, 0.6, 0] } })),
      'series-without-geometry',
    ],
    ['another patient', changed({ patientKey: 'two' }), 'series-mixed'],
    ['another study', changed({ studyInstanceUid: '2.25.99' }), 'series-mixed'],
    ['another frame of reference', changed({ frameOfReferenceUid: '2.25.99' }), 'series-mixed'],
    [
      'another orientation',
      changed({ geometry: { ...geometry, rowCosines: [0, 1, 0], columnCosines: [0, 0, 1] } }),
      'series-mixed-orientation',
    ],
    ['a mirrored slice', changed({ geometry: { ...geometry, rowCosines: [-1, 0, 0] } }), 'series-mixed-orientation'],
    ['another size', changed({ format: { ...format, rows: 5 } }), 'series-mixed-size'],
    [
      'another pixel spacing',
      changed({ geometry: { ...geometry, spacing_mm: { rows: 0.6, columns: 0.75 } } }),
      'series-mixed-size',
    ],
    ['the same slice twice', [...one, one[2] as SliceHeader], 'series-duplicate-slices'],
    ['a slice missing', one.filter((_, i) => i !== 2), 'series-gap'],
    ['a slice out of step', moved(2, [0, 0, 0.3]), 'series-gap'],
    ['a slice moved sideways', moved(2, [1, 0, 0]), 'series-gap'],
  ])('is refused for %s', (_, slices, code) => {
    expect(assembleVolume(slices)).toMatchObject({ ok: false, error: { code } });
  });

  it('takes positions that were rounded', () => {
    expect(assembleVolume(moved(2, [0, 0.005, 0.005])).ok).toBe(true);
  });

  it('takes a single slice at its thickness', () => {
    expect(assembleVolume(one.slice(0, 1))).toMatchObject({ ok: true, value: { geometry: { voxel_mm3: 0.375 } } });
  });

  it('takes a tilted gantry, with the distance along the normal', () => {
    const tilted = assembleVolume(exampleSources({ ...axial, step_mm: [0, 0.5, 2] }));
    expect(tilted).toMatchObject({
      ok: true,
      value: { geometry: { spacing_mm: { slices: 2 }, step_mm: [0, 0.5, 2] } },
    });
  });
});
