import type { DataSet } from 'dicom-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePart10 } from '../../decode/part10.ts';
import { length, subtract, type Vector } from '../../decode/vector.ts';
import { assembleVolume, type Volume } from '../../decode/volume.ts';
import { buildSegmentation } from './segmentation.ts';
import type { SegmentMask } from './segment-frames.ts';
import { anyGrid } from '../testing/any-grid.ts';
import { exampleContext, exampleSources, exampleUids } from '../testing/example-input.ts';

type Labelled = { readonly segment: number; readonly at: Vector };

const volumeOf = (sources: Parameters<typeof assembleVolume>[0]): Volume => {
  const volume = assembleVolume(sources);
  if (!volume.ok) throw new Error(volume.error.detail);
  return volume.value;
};

const build = (volume: Volume, masks: readonly SegmentMask[]): Uint8Array =>
  buildSegmentation({
    ...exampleContext(),
    uids: exampleUids,
    sources: volume.slices,
    geometry: volume.geometry,
    masks,
  });

const parsed = (file: Uint8Array): DataSet => {
  const part10 = parsePart10(file);
  if (!part10.ok) throw new Error(part10.error.detail);
  return part10.value.dataSet;
};

const inside = (dataSet: DataSet, ...tags: readonly string[]): DataSet =>
  tags.reduce((outer, tag) => outer.elements[tag]?.items?.[0]?.dataSet as DataSet, dataSet);
const numbers = (dataSet: DataSet, tag: string): number[] => dataSet.string(tag)?.split('\\').map(Number) ?? [];

/** Where the set voxels of a segmentation lie, by its own attributes alone. */
function voxelsOf(file: Uint8Array): Labelled[] {
  const dataSet = parsed(file);
  const [rows, columns] = [dataSet.uint16('x00280010') ?? 0, dataSet.uint16('x00280011') ?? 0];
  const shared = inside(dataSet, 'x52009229');
  const [down, across] = numbers(inside(shared, 'x00289110'), 'x00280030') as [number, number];
  const cosines = numbers(inside(shared, 'x00209116'), 'x00200037');
  const pixels = dataSet.elements['x7fe00010']?.dataOffset ?? 0;
  const frames = dataSet.elements['x52009230']?.items ?? [];
  return frames.flatMap(({ dataSet: frame }, f) => {
    if (frame === undefined) return [];
    const position = numbers(inside(frame, 'x00209113'), 'x00200032');
    const segment = inside(frame, 'x0062000a').uint16('x0062000b') ?? 0;
    return Array.from({ length: rows * columns }, (_, i) => i).flatMap((i): Labelled[] => {
      const bit = f * rows * columns + i;
      if ((((file[pixels + (bit >> 3)] as number) >> (bit & 7)) & 1) === 0) return [];
      const [row, column] = [Math.floor(i / columns), i % columns];
      const at = [0, 1, 2].map(
        (axis) =>
          (position[axis] as number) +
          column * across * (cosines[axis] as number) +
          row * down * (cosines[axis + 3] as number),
      );
      return [{ segment, at: at as unknown as Vector }];
    });
  });
}

/** Where the voxels that were marked lie, by the headers of the sources. */
const markedOf = (volume: Volume, masks: readonly SegmentMask[]): Labelled[] =>
  masks.flatMap(({ segment, voxels }) =>
    [...voxels].flatMap((value, i): Labelled[] => {
      if (value === 0) return [];
      const { rows, columns } = volume.geometry;
      const geometry = volume.slices[Math.floor(i / (rows * columns))]?.geometry;
      if (geometry === undefined) return [];
      const [row, column] = [Math.floor(i / columns) % rows, i % columns];
      const at = geometry.position_mm.map(
        (start, axis) =>
          start +
          column * geometry.spacing_mm.columns * (geometry.rowCosines[axis] as number) +
          row * geometry.spacing_mm.rows * (geometry.columnCosines[axis] as number),
      );
      return [{ segment, at: at as unknown as Vector }];
    }),
  );

const anyMarked = anyGrid.chain((grid) => {
  const size = grid.slices * grid.rows * grid.columns;
  const mask = fc.uint8Array({ minLength: size, maxLength: size, max: 1 });
  return fc.record({ grid: fc.constant(grid), first: mask, second: fc.option(mask, { nil: undefined }) });
});

describe('a segmentation', () => {
  it('lies where its mask lay on the source, in any orientation', () => {
    fc.assert(
      fc.property(anyMarked, ({ grid, first, second }) => {
        const volume = volumeOf(exampleSources(grid));
        const masks = [first, second].flatMap((voxels, i) =>
          voxels === undefined ? [] : [{ segment: i + 1, voxels }],
        );
        const back = voxelsOf(build(volume, masks));
        const wanted = markedOf(volume, masks);
        expect(back.map((voxel) => voxel.segment)).toEqual(wanted.map((voxel) => voxel.segment));
        back.forEach((voxel, i) => {
          expect(length(subtract(voxel.at, (wanted[i] as Labelled).at))).toBeLessThan(1e-6);
        });
      }),
    );
  });

  const volume = volumeOf(
    exampleSources({
      slices: 3,
      rows: 3,
      columns: 3,
      origin_mm: [0, 0, 0],
      rowCosines: [1, 0, 0],
      columnCosines: [0, 1, 0],
      step_mm: [0, 0, 2],
      spacing_mm: { rows: 1, columns: 1 },
    }),
  );
  const onSlice = (slice: number): Uint8Array =>
    Uint8Array.from({ length: 27 }, (_, i) => (Math.floor(i / 9) === slice ? 1 : 0));

  it('is the same bytes for the same input', () => {
    const masks = [{ segment: 1, voxels: onSlice(1) }];
    expect(build(volume, masks)).toEqual(build(volume, masks));
  });

  it('leaves empty frames out, and keeps one when all are empty', () => {
    expect(parsed(build(volume, [{ segment: 1, voxels: onSlice(1) }])).string('x00280008')).toBe('1');
    const empty = build(volume, [{ segment: 1, voxels: new Uint8Array(27) }]);
    expect(parsed(empty).string('x00280008')).toBe('1');
    expect(voxelsOf(empty)).toEqual([]);
  });

  it('says whether segments overlap', () => {
    const overlap = (slice: number) =>
      parsed(
        build(volume, [
          { segment: 1, voxels: onSlice(0) },
          { segment: 2, voxels: onSlice(slice) },
        ]),
      ).string('x00620013');
    expect(overlap(0)).toBe('YES');
    expect(overlap(1)).toBe('NO');
  });

  it('keeps what lossy compression the source went through', () => {
    const lossy = { ratios: ['12.5'], methods: ['ISO_10918_1'] };
    const slices = volume.slices.map((slice, i) => (i === 1 ? { ...slice, lossy } : slice));
    const dataSet = parsed(build({ ...volume, slices }, [{ segment: 1, voxels: onSlice(1) }]));
    expect([dataSet.string('x00282110'), dataSet.string('x00282112'), dataSet.string('x00282114')]).toEqual([
      '01',
      '12.5',
      'ISO_10918_1',
    ]);
  });

  it.each<[string, readonly SegmentMask[]]>([
    ['no mask', []],
    ['a segment that is not declared', [{ segment: 3, voxels: onSlice(1) }]],
    [
      'a segment twice',
      [
        { segment: 1, voxels: onSlice(1) },
        { segment: 1, voxels: onSlice(1) },
      ],
    ],
    ['a mask of another size', [{ segment: 1, voxels: new Uint8Array(9) }]],
  ])('is not made of %s', (_, masks) => {
    expect(() => build(volume, masks)).toThrow(RangeError);
  });
});
