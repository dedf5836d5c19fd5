import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { orderStatistics } from './order-statistics.ts';
import { fitPreprocessing, preprocessSeries, preprocessSlice } from './preprocess.ts';
import type { SourceSlice } from './slice.ts';

const slice = (values: readonly number[], columns = values.length): SourceSlice => ({
  pixels: Int16Array.from(values),
  rows: values.length / columns,
  columns,
});

const run = (slices: SourceSlice[], ...ops: PreprocessingOp[]): number[] =>
  Array.from(preprocessSeries(slices, ops).data);

describe('preprocessing', () => {
  test('each op does what its declaration says', () => {
    const one = [slice([0, 10, 20, 40])];
    expect(run([{ ...one[0]!, slope: 0.5, intercept: -5 }], { op: 'modality-lut' })).toEqual([-5, 0, 5, 15]);
    expect(run(one, { op: 'clip', low: 5, high: 25 })).toEqual([5, 10, 20, 25]);
    expect(run(one, { op: 'scale', from: [0, 20], to: [0, 1] })).toEqual([0, 0.5, 1, 2]);
    expect(run(one, { op: 'clip', low: 0, high: 20 }, { op: 'scale', from: 'clip', to: [-0.5, 0.5] })).toEqual([
      -0.5, 0, 0.5, 0.5,
    ]);
    expect(run(one, { op: 'clip-percentiles', scope: 'series', low: 0, high: 50 })).toEqual([0, 10, 15, 15]);
  });

  test('a series-wide op looks at all slices, a slice-wide op at one', () => {
    const two = [slice([0, 1, 2]), slice([100, 101, 102])];
    const ops = (scope: 'series' | 'slice'): PreprocessingOp[] => [
      { op: 'clip-percentiles', scope, low: 0, high: 100 },
      { op: 'scale', from: 'clip', to: [0, 1] },
    ];
    expect(run(two, ...ops('slice'))).toEqual([0, 0.5, 1, 0, 0.5, 1]);
    expect(run(two, ...ops('series'))[2]).toBeCloseTo(2 / 102);
  });

  test('each slice has its own rescale slope', () => {
    const two = [
      { ...slice([1, 2]), slope: 2 },
      { ...slice([1, 2]), slope: 3 },
    ];
    expect(run(two, { op: 'modality-lut' })).toEqual([2, 4, 3, 6]);
  });

  test('a flat image is mapped to the middle, not to NaN', () => {
    const flat = [slice([7, 7, 7, 7], 2)];
    expect(
      run(
        flat,
        { op: 'clip-percentiles', scope: 'series', low: 1, high: 99 },
        { op: 'scale', from: 'clip', to: [0, 1] },
      ),
    ).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect(run(flat, { op: 'z-score', scope: 'slice' })).toEqual([0, 0, 0, 0]);
  });

  test('lists that cannot be applied are refused with their place', () => {
    expect(() => run([], { op: 'scale', from: 'clip', to: [0, 1] })).toThrow(/preprocessing\[0\]: scale from "clip"/);
    expect(() => run([], { op: 'clip', low: 1, high: 1 })).toThrow(/low must be below high/);
    expect(() => run([], { op: 'clip', low: 0, high: 1 }, { op: 'modality-lut' })).toThrow(/must come first/);
    expect(() => run([slice([1, 2]), slice([1, 2, 3])])).toThrow(/slice 1 is 1×3/);
  });

  test('slices one at a time give the bits that the whole series gives', () => {
    const ops: PreprocessingOp[] = [
      { op: 'modality-lut' },
      { op: 'clip-percentiles', scope: 'series', low: 0.5, high: 99.5 },
      { op: 'resize', size: [4, 5], interpolation: 'bilinear', antialias: true },
      { op: 'scale', from: 'clip', to: [-0.5, 0.5] },
    ];
    fc.assert(
      fc.property(
        fc.array(fc.int16Array({ minLength: 63, maxLength: 63 }), { minLength: 1, maxLength: 4 }),
        (stored) => {
          const slices = stored.map((pixels) => ({ pixels, rows: 7, columns: 9, slope: 0.7, intercept: -3 }));
          const whole = preprocessSeries(slices, ops);
          const fitted = fitPreprocessing(slices, ops);
          for (let i = slices.length - 1; i >= 0; i--)
            expect(preprocessSlice(slices[i]!, fitted).values).toEqual(whole.data.subarray(i * 20, (i + 1) * 20));
          for (const value of whole.data) expect(Math.abs(value)).toBeLessThanOrEqual(0.5 + 1e-6);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('order statistics equal those of a sorted copy, for any float32 values', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 40 }), fc.nat(), (values, seed) => {
        const rank = seed % values.length;
        const sorted = Float32Array.from(values).sort();
        const half = Math.floor(values.length / 2);
        const found = orderStatistics(
          (take) => {
            take(Float32Array.from(values.slice(0, half)));
            take(Float32Array.from(values.slice(half)));
          },
          () => [rank],
        );
        expect(found.count).toBe(values.length);
        expect((found.values[0] as number) - (sorted[rank] as number) || 0).toBe(0);
      }),
    );
  });
});
