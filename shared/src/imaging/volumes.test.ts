import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { type Box, iou, suppress } from './boxes.ts';
import { aggregate, probabilitiesOf } from './calibrate.ts';
import { removeSmallComponents } from './components.ts';
import { planVolume, preprocessVolume, type VolumeFrame } from './preprocess-volume.ts';
import { makeToSource } from './to-source.ts';
import { type Triple, voxelsOf } from './volume-grid.ts';
import { makeStitcher, tilingOf, windowAt, windowWeights } from './windows.ts';

const sides = fc.integer({ min: 1, max: 9 });
const shapes = fc.tuple(sides, sides, sides) as fc.Arbitrary<Triple>;
const axial: Triple<Triple> = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];
const frames = fc
  .record({
    shape: fc.tuple(...[3, 3, 3].map((min) => fc.integer({ min, max: 14 }))) as unknown as fc.Arbitrary<Triple>,
    spacing_mm: fc.constantFrom<Triple>([2, 1, 1], [1, 0.7, 0.7], [3, 0.5, 1.5]),
    directions: fc.constantFrom<Triple<Triple>>(axial, [
      [-0.98, 0.2, 0],
      [0, 0, -1],
      [0.2, 0.98, 0],
    ]),
  })
  .map((frame): VolumeFrame => frame);

/** Numbers that grow along the axes of the source: linear interpolation gives them back exactly. */
const ramp = ({ shape }: VolumeFrame): Float32Array =>
  Float32Array.from({ length: voxelsOf(shape) }, (_, i) => valueAt(placeOf(i, shape)));
const placeOf = (i: number, [, rows, columns]: Triple): Triple => [
  Math.floor(i / (rows * columns)),
  Math.floor(i / columns) % rows,
  i % columns,
];
const valueAt = ([slice, row, column]: Triple): number => 3 * slice - 2 * row + 0.5 * column + 10;

describe('volumes', () => {
  test('ops that change nothing give the same bits', () => {
    fc.assert(
      fc.property(frames, fc.constantFrom('linear' as const, 'nearest' as const), (frame, interpolation) => {
        const values = ramp(frame).map((value) => Math.sin(value));
        const size = [...frame.shape] as [number, number, number];
        const ops: PreprocessingOp[] = [
          { op: 'resample', spacing_mm: [...frame.spacing_mm] as [number, number, number], interpolation },
          { op: 'resize', size, interpolation: 'bilinear', antialias: true },
          { op: 'pad-or-crop', size, value: 7 },
        ];
        expect(preprocessVolume(values.slice(), ops, frame).values).toEqual(values);
      }),
    );
  });

  test('every voxel keeps its place in the source through any ops, and comes back to it', () => {
    const codes = fc.constantFrom('RAS', 'LPS', 'SAR', 'PIL');
    const mm = fc.constantFrom(0.6, 1, 1.4, 2.1);
    const size = fc.integer({ min: 4, max: 11 });
    const lists = fc
      .tuple(codes, mm, mm, size, fc.boolean())
      .map(([axes, a, b, side, crop]): PreprocessingOp[] => [
        { op: 'orient', axes },
        { op: 'resample', spacing_mm: [a, b, a], interpolation: 'linear' },
        crop
          ? { op: 'pad-or-crop', size: [side, side, side], value: Number.NaN }
          : { op: 'resize', size: [side, side, side], interpolation: 'bilinear', antialias: false },
      ]);
    fc.assert(
      fc.property(frames, lists, (frame, ops) => {
        const grid = preprocessVolume(ramp(frame), ops, frame);
        expect(planVolume(ops, frame)).toMatchObject({ shape: grid.shape, maps: grid.maps });
        // The last voxel of a resampled axis may lie beyond the source, where there is nothing but its last value.
        const step_mm = Math.max(...ops.flatMap((op) => (op.op === 'resample' ? op.spacing_mm : [])));
        const margin = (axis: number): number => step_mm / (frame.spacing_mm[axis] as number);
        const inside = (place: Triple): boolean =>
          place.every((at, axis) => at >= margin(axis) && at <= (frame.shape[axis] as number) - 1 - margin(axis));
        let worst = 0;
        for (let i = 0; i < grid.values.length; i++) {
          const at = placeOf(i, grid.shape);
          const source: [number, number, number] = [0, 0, 0];
          for (const [axis, map] of grid.maps.entries())
            source[map.source] = map.offset + map.scale * (at[axis] as number);
          const value = grid.values[i] as number;
          if (inside(source) && !Number.isNaN(value)) worst = Math.max(worst, Math.abs(value - valueAt(source)));
        }
        const whole = !grid.values.some((value) => Number.isNaN(value));
        const back = makeToSource(grid, frame.shape, 'linear');
        for (let slice = 0; slice < frame.shape[0]; slice++)
          for (const [i, value] of back.slice(grid.values, slice).entries()) {
            const [, row, column] = placeOf(i, [1, frame.shape[1], frame.shape[2]]);
            const place: Triple = [slice, row, column];
            // Between the outermost voxels of the grid the line is exact; beyond them it is the last value.
            const within = grid.maps.every((map, axis) => {
              const at = (place[map.source] - map.offset) / map.scale;
              return at >= 0 && at <= (grid.shape[axis] as number) - 1 && inside(place);
            });
            const touched = grid.maps.every((map, axis) =>
              [0, (grid.shape[axis] as number) - 1].every((end) => {
                const at = map.offset + map.scale * end;
                return at >= margin(map.source) && at <= frame.shape[map.source] - 1 - margin(map.source);
              }),
            );
            if (whole && within && touched) worst = Math.max(worst, Math.abs(value - valueAt(place)));
          }
        expect(worst).toBeLessThan(1e-4);
      }),
    );
  });

  test('what images claim makes no volume or windows beyond any memory', () => {
    const frame = (mm: number): VolumeFrame => ({
      ...{ shape: [200, 512, 512], spacing_mm: [mm, mm, mm] },
      directions: [
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
      ],
    });
    const resample: PreprocessingOp = { op: 'resample', spacing_mm: [1, 1, 1], interpolation: 'linear' };
    const crop: PreprocessingOp = { op: 'pad-or-crop', size: [8, 8, 8], value: 0 };
    expect(planVolume([resample, crop], frame(1)).shape).toEqual([8, 8, 8]);
    const refused: unknown = expect.objectContaining({ code: 'series-too-large', class: 'permanent' });
    for (const mm of [100, 1e9, Number.NaN]) expect(() => planVolume([resample, crop], frame(mm))).toThrow(refused);
    expect(() => tilingOf([1_000, 1_000, 1_000], [8, 8, 8], 0.5)).toThrow(refused);
  });

  test('windows cover every voxel with a weight above nothing, and lie inside', () => {
    const run = fc.record({
      volume: shapes,
      window: shapes,
      overlap: fc.double({ min: 0, max: 0.9, noNaN: true }),
      weighting: fc.constantFrom('constant' as const, 'gaussian' as const),
      sigma: fc.constantFrom(0.05, 0.125, 0.5),
    });
    fc.assert(
      fc.property(run, ({ volume, window, overlap, weighting, sigma }) => {
        const tiling = tilingOf(volume, window, overlap);
        const weights = windowWeights(window, weighting, sigma);
        expect(weights.every((weight) => weight > 0)).toBe(true);
        for (const start of tiling.starts)
          for (const axis of [0, 1, 2] as const) {
            expect(start[axis]).toBeGreaterThanOrEqual(0);
            expect(start[axis] + window[axis]).toBeLessThanOrEqual(tiling.shape[axis]);
          }
        // What a model leaves as it is comes back as it was: every voxel was seen.
        const values = Float32Array.from({ length: voxelsOf(volume) }, (_, i) => Math.cos(i));
        const stitcher = makeStitcher(volume, tiling, 1, weights);
        for (const [i, start] of tiling.starts.entries())
          stitcher.add(i, windowAt({ values, shape: volume, channels: 1 }, tiling, start));
        const back = stitcher.finish();
        for (let i = 0; i < values.length; i++)
          expect(Math.abs((back[i] as number) - (values[i] as number))).toBeLessThan(1e-5);
      }),
    );
  });

  test('small parts go, others stay as they are', () => {
    const mask = Uint8Array.of(1, 1, 0, 1, 0, 0, 1, 1, 1);
    removeSmallComponents(mask, { slices: 1, rows: 1, columns: 9 }, 6, 2);
    expect([...mask]).toEqual([1, 1, 0, 0, 0, 0, 1, 1, 1]);
  });
});

describe('boxes', () => {
  test('those that are kept overlap little, and each that goes overlaps a better one', () => {
    const box = fc
      .tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 30 })))
      .map(([x = 0, y = 0, width = 0, height = 0]): Box => ({ x1: x, y1: y, x2: x + 1 + width, y2: y + 1 + height }));
    const list = fc.array(fc.tuple(box, fc.integer({ min: 0, max: 10 })), { maxLength: 20 });
    fc.assert(
      fc.property(list, fc.double({ min: 0, max: 1, noNaN: true }), (scored, iouMax) => {
        const boxes = scored.map(([one]) => one);
        const scores = scored.map(([, score]) => score);
        const kept = suppress(boxes, scores, iouMax);
        const overlap = (a: number, b: number): number => iou(boxes[a] as Box, boxes[b] as Box);
        for (const [i, a] of kept.entries())
          for (const b of kept.slice(i + 1)) {
            expect(overlap(a, b)).toBeLessThanOrEqual(iouMax);
            expect(scores[a]).toBeGreaterThanOrEqual(scores[b] as number);
          }
        const beaten = (gone: number): boolean =>
          kept.some((one) => overlap(one, gone) > iouMax && (scores[one] as number) >= (scores[gone] as number));
        expect([...boxes.keys()].filter((i) => !kept.includes(i) && !beaten(i))).toEqual([]);
        expect(
          suppress(
            kept.map((i) => boxes[i] as Box),
            kept.map((i) => scores[i] as number),
            iouMax,
          ),
        ).toEqual(kept.map((_, i) => i));
      }),
    );
  });
});

describe('probabilities', () => {
  test('a calibration keeps the order and stays between 0 and 1; a temperature of 1 changes nothing', () => {
    const run = fc.record({
      scores: fc.array(fc.double({ min: -8, max: 8, noNaN: true }), { minLength: 2, maxLength: 4 }),
      temperature: fc.double({ min: 0.2, max: 5, noNaN: true }),
      activation: fc.constantFrom('sigmoid' as const, 'softmax' as const),
    });
    fc.assert(
      fc.property(run, ({ scores, temperature, activation }) => {
        const with_ = (t: number) =>
          probabilitiesOf(
            scores,
            activation,
            scores.map(() => ({ method: 'temperature', temperature: t })),
          );
        const plain = probabilitiesOf(scores, activation, []);
        expect(with_(1)).toEqual(plain);
        const calibrated = with_(temperature);
        for (const [i, p] of calibrated.entries()) {
          expect(p).toBeGreaterThanOrEqual(0);
          expect(p).toBeLessThanOrEqual(1);
          const swapped = calibrated.some((q, j) => (scores[i] as number) > (scores[j] as number) && p < q);
          expect(swapped).toBe(false);
        }
        const sum = calibrated.reduce((all, p) => all + p, 0);
        expect(activation === 'sigmoid' || Math.abs(sum - 1) < 1e-9).toBe(true);
      }),
    );
  });

  test('one answer of many', () => {
    const values = [0.1, 0.9, 0.5, 0.3];
    expect(aggregate(values, { method: 'max' })).toBe(0.9);
    expect(aggregate(values, { method: 'mean' })).toBeCloseTo(0.45, 12);
    expect(aggregate(values, { method: 'top-mean', top: 2 })).toBeCloseTo(0.7, 12);
    expect(aggregate(values, { method: 'top-mean', top: 9 })).toBeCloseTo(0.45, 12);
    expect(probabilitiesOf([0], 'sigmoid', [{ method: 'platt', a: 2, b: 1 }])[0]).toBeCloseTo(
      1 / (1 + Math.exp(-1)),
      12,
    );
    expect(probabilitiesOf([0.5], 'none', [{ method: 'platt', a: 1, b: 1 }])[0]).toBeCloseTo(
      1 / (1 + Math.exp(-1)),
      12,
    );
  });
});
