import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyGrid } from '../result/testing/any-grid.ts';
import { type ExampleGrid, exampleSources } from '../result/testing/example-input.ts';
import type { SliceGeometry, SliceHeader } from './slice-header.ts';
import { add, length, scale, subtract, type Vector } from './vector.ts';
import { assembleVolume, defaultVolumeTolerances, voxelCentre } from './volume.ts';

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

  const LOCALIZER = ['ORIGINAL', 'PRIMARY', 'LOCALIZER'];
  /** 200 slices whose step grows from 1.98 to 2.02 mm: each is within a hundredth of the mean, the middle is a slice off. */
  const creeping = exampleSources({ ...axial, slices: 200 }).map((slice, i) => ({
    ...slice,
    geometry: { ...(slice.geometry as SliceGeometry), position_mm: [-90, -91, 1.98 * i + 0.0001 * i * i] as Vector },
  }));

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
    ['another series', changed({ seriesInstanceUid: '2.25.99' }), 'series-mixed'],
    ['another patient in a localizer', changed({ patientKey: 'two', imageType: LOCALIZER }), 'series-mixed'],
    ['localizers only', one.map((s) => ({ ...s, imageType: LOCALIZER })), 'series-localizers'],
    ['two stacks', changed({ labels: { distinct: { stacks: '2' }, varying: {} } }), 'series-several-volumes'],
    ['values that no slope gives', changed({ unusable: 'a table' }), 'image-unsupported'],
    [
      'frames of no known place',
      changed({ geometry: undefined, frame: { number: 1, of: 9 } }),
      'series-without-geometry',
    ],
    ['the same slice twice', [...one, one[2] as SliceHeader], 'series-duplicate-slices'],
    ['small errors that add up', creeping, 'series-gap'],
    ['slices shifted sideways', exampleSources({ ...axial, step_mm: [0, 2.5, 2] }), 'series-tilted'],
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

  it('leaves localizers out and counts them, whatever they are of but the patient', () => {
    const beside: SliceHeader = {
      ...(one[0] as SliceHeader),
      sopInstanceUid: '2.25.9',
      frameOfReferenceUid: '2.25.99',
      imageType: LOCALIZER,
      format: { ...format, rows: 512 },
      geometry: undefined,
    };
    const volume = assembleVolume([beside, ...one.toReversed()]);
    expect(volume).toMatchObject({ ok: true, value: { localizersLeftOut: 1, order: [5, 4, 3, 2, 1] } });
    expect(volume.ok && volume.value.slices).toEqual(one);
  });

  it('takes labels that vary from slice to slice, and names them where slices lie at one place', () => {
    const gated = one.map((slice, i) => ({
      ...slice,
      labels: { distinct: {}, varying: { 'trigger times': String(100 * i) } },
    }));
    expect(assembleVolume(gated).ok).toBe(true);
    expect(assembleVolume([...gated, { ...(gated[1] as SliceHeader), sopInstanceUid: '2.25.9' }])).toMatchObject({
      error: { code: 'series-duplicate-slices', detail: expect.stringContaining('5 trigger times') },
    });
  });

  it('names how many volumes there are', () => {
    const several = one.map((slice, i) => ({
      ...slice,
      labels: { distinct: { 'b-values': String(i % 2), ...(i > 2 && { echoes: '7' }) }, varying: {} },
    }));
    expect(assembleVolume(several)).toMatchObject({ error: { detail: '2 b-values, 2 echoes' } });
  });

  it('is right or refused, however the slices are moved, left out or doubled', () => {
    const disturbed = anyGrid.chain((grid) =>
      fc.record({
        grid: fc.constant(grid),
        tilt: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        at: fc.nat(grid.slices - 1),
        by: fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: -0.4, max: 0.4, noNaN: true }))),
        what: fc.constantFrom('move', 'leave out', 'double', 'nothing'),
      }),
    );
    fc.assert(
      fc.property(disturbed, ({ grid, tilt, at, by, what }) => {
        const step_mm = add(grid.step_mm, scale(grid.rowCosines, tilt * length(grid.step_mm)));
        const sources = exampleSources({ ...grid, step_mm });
        const given = sources.flatMap((slice, i) => {
          if (i !== at || what === 'nothing') return [slice];
          if (what === 'leave out') return [];
          if (what === 'double') return [slice, { ...slice, sopInstanceUid: '2.25.9' }];
          const own = slice.geometry as SliceGeometry;
          return [{ ...slice, geometry: { ...own, position_mm: add(own.position_mm, by as unknown as Vector) } }];
        });
        const volume = assembleVolume(given);
        const hole = what === 'leave out' && at > 0 && at < grid.slices - 1 && grid.slices > 3;
        const outcome = volume.ok ? 'right' : volume.error.code;
        const wanted = { nothing: ['right'], double: ['series-duplicate-slices'] }[what as string];
        expect(
          wanted ?? [...(hole ? [] : ['right']), 'series-gap', 'series-duplicate-slices', 'series-tilted'],
        ).toContain(outcome);
        if (!volume.ok) return;
        const { geometry, slices } = volume.value;
        const distance_mm = geometry.spacing_mm.slices;
        const allowed_mm = Math.max(defaultVolumeTolerances.stepShare * distance_mm, defaultVolumeTolerances.place_mm);
        slices.forEach((slice, i) => {
          const apart = subtract(voxelCentre(geometry, i, 0, 0), (slice.geometry as SliceGeometry).position_mm);
          expect(length(apart)).toBeLessThanOrEqual(allowed_mm + 1e-9);
        });
        // The area of a slice times the distance along the normal: what a parallelepiped holds, tilted or not.
        const { rows, columns } = grid.spacing_mm;
        const distances = what === 'nothing' ? 1 : distance_mm / length(grid.step_mm);
        expect(geometry.voxel_mm3 / (rows * columns * length(grid.step_mm) * distances)).toBeCloseTo(1, 6);
      }),
      { numRuns: 500 },
    );
  });

  it('takes a tilted gantry, with the distance along the normal', () => {
    const tilted = assembleVolume(exampleSources({ ...axial, step_mm: [0, 0.5, 2] }));
    expect(tilted).toMatchObject({
      ok: true,
      value: { geometry: { spacing_mm: { slices: 2 }, step_mm: [0, 0.5, 2] } },
    });
  });
});
