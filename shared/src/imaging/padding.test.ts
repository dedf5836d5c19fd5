import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PreprocessingOp } from '../contracts/release.ts';
import { preprocessSeries } from './preprocess.ts';
import type { SourceSlice } from './slice.ts';

const percentiles: PreprocessingOp = { op: 'clip-percentiles', scope: 'series', low: 5, high: 90 };
const zScore: PreprocessingOp = { op: 'z-score', scope: 'series' };
const unit: PreprocessingOp = { op: 'scale', from: 'clip', to: [0, 1] };

const slice = (values: readonly number[], padding?: SourceSlice['padding']): SourceSlice => ({
  pixels: Int16Array.from(values),
  rows: 1,
  columns: values.length,
  slope: 2,
  intercept: -10,
  ...(padding !== undefined && { padding }),
});

const image = fc.array(fc.integer({ min: -1000, max: 3000 }), { minLength: 1, maxLength: 30 });

describe('padding', () => {
  it.each([
    ['percentiles', [{ op: 'modality-lut' }, percentiles, unit]],
    ['moments', [{ op: 'modality-lut' }, zScore]],
  ] as [string, PreprocessingOp[]][])('changes no real pixel by way of %s, however much there is', (_, ops) => {
    fc.assert(
      fc.property(image, fc.nat(20), fc.integer({ min: -32_768, max: -1001 }), (values, count, pad) => {
        const padded = [...values, ...Array.from({ length: count }, () => pad)];
        const plain = preprocessSeries([slice(values)], ops).data;
        const masked = preprocessSeries([slice(padded, { low: -32_768, high: -1001 })], ops).data;
        expect(masked.subarray(0, values.length)).toEqual(plain);
      }),
    );
  });

  it('becomes the lower limit of the clip, or the darkest real pixel where nothing is clipped', () => {
    const padded = slice([-2000, 5, 15, 10], { low: -2000, high: -2000 });
    expect([...preprocessSeries([padded], [{ op: 'modality-lut' }]).data]).toEqual([0, 0, 20, 10]);
    expect([...preprocessSeries([padded], [{ op: 'modality-lut' }, { op: 'clip', low: 4, high: 12 }]).data]).toEqual([
      4, 4, 12, 10,
    ]);
    const all = slice([-2000, -2000], { low: -2000, high: -2000 });
    expect([...preprocessSeries([all], [{ op: 'modality-lut' }]).data]).toEqual([0, 0]);
  });

  it('is filled before a resize mixes it into its neighbours', () => {
    const padded = slice([-2000, 10, 10, 10], { low: -3000, high: -2000 });
    const { data } = preprocessSeries(
      [padded],
      [{ op: 'resize', size: [1, 2], interpolation: 'bilinear', antialias: false }],
    );
    expect([...data]).toEqual([10, 10]);
  });
});
