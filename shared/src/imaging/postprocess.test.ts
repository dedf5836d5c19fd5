import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PostprocessingOp } from '../contracts/release.ts';
import { keepLargestComponent } from './components.ts';
import { countVoxels, volumeMl } from './measure.ts';
import { makeMaskBuilder, postprocessSeries } from './postprocess.ts';

const declared: PostprocessingOp[] = [
  { op: 'sigmoid' },
  { op: 'resize-to-source', interpolation: 'bilinear' },
  { op: 'threshold', at: 0.5 },
  { op: 'largest-component', connectivity: 26 },
];

describe('postprocessing', () => {
  test('a mask comes back at the size of the source', () => {
    const logits = Float32Array.from([9, -9, -9, -9]);
    const mask = postprocessSeries(logits, { rows: 2, columns: 2 }, declared, { slices: 1, rows: 4, columns: 4 });
    // Bilinear, half-pixel: weights 1, 3/4, 1/4, 0 along each axis; above a half only in the corner.
    expect(Array.from(mask)).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('slices may be added in any order, each once, none left out', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ minLength: 48, maxLength: 48, noNaN: true }),
        fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
        (logits, order) => {
          const size = { slices: 3, rows: 5, columns: 7 };
          const builder = makeMaskBuilder(declared, size);
          for (const i of order) builder.add(i, { values: logits.subarray(i * 16, i * 16 + 16), rows: 4, columns: 4 });
          expect(builder.finish()).toEqual(postprocessSeries(logits, { rows: 4, columns: 4 }, declared, size));
        },
      ),
    );
    const builder = makeMaskBuilder(declared, { slices: 2, rows: 1, columns: 1 });
    builder.add(0, { values: new Float32Array(1), rows: 1, columns: 1 });
    expect(() => builder.add(0, { values: new Float32Array(1), rows: 1, columns: 1 })).toThrow(/twice/);
    expect(() => builder.finish()).toThrow(/never added/);
  });

  test('lists that cannot be applied are refused', () => {
    const size = { slices: 1, rows: 1, columns: 1 };
    expect(() => makeMaskBuilder([{ op: 'sigmoid' }], size)).toThrow(/needs a threshold/);
    expect(() => makeMaskBuilder([...declared].reverse(), size)).toThrow(/must come before threshold|after threshold/);
    const noResize = makeMaskBuilder([{ op: 'threshold', at: 0 }], { slices: 1, rows: 2, columns: 2 });
    expect(() => noResize.add(0, { values: new Float32Array(1), rows: 1, columns: 1 })).toThrow(/the mask is 1×1/);
  });

  test('the kept component is part of the mask, connected, and keeping it again changes nothing', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 60, maxLength: 60, max: 1 }),
        fc.constantFrom<6 | 18 | 26>(6, 18, 26),
        (before, n) => {
          const shape = { slices: 3, rows: 4, columns: 5 };
          const mask = before.slice();
          const kept = keepLargestComponent(mask, shape, n);
          expect(mask.every((value, i) => value === 0 || before[i] === 1)).toBe(true);
          expect(countVoxels(mask)[1]).toBe(kept.voxels);
          const again = mask.slice();
          expect(keepLargestComponent(again, shape, n)).toEqual({
            components: kept.voxels > 0 ? 1 : 0,
            voxels: kept.voxels,
          });
          expect(again).toEqual(mask);
        },
      ),
    );
  });

  test('volume is voxels times voxel size', () => {
    expect(volumeMl(1000, { slices: 2, rows: 0.5, columns: 0.5 })).toBe(0.5);
  });
});
