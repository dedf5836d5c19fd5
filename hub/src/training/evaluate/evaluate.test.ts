import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateMasks } from './evaluate-masks.ts';
import { confusion, overlap, pool } from './overlap.ts';

const masks = fc
  .nat(40)
  .chain((n) =>
    fc.tuple(
      fc.uint8Array({ minLength: n, maxLength: n, max: 1 }),
      fc.uint8Array({ minLength: n, maxLength: n, max: 1 }),
    ),
  );

describe('overlap metrics', () => {
  test('a case counted by hand', () => {
    const counts = confusion(Uint8Array.from([1, 1, 1, 0, 0]), Uint8Array.from([1, 1, 0, 1, 0]));
    expect(counts).toEqual({ truePositives: 2, falsePositives: 1, falseNegatives: 1, trueNegatives: 1 });
    expect(overlap(counts)).toEqual({ dice: 4 / 6, iou: 0.5, sensitivity: 2 / 3, precision: 2 / 3 });
  });

  test('dice is symmetric, in 0..1, 1 exactly for equal masks that are not empty, and 2·IoU/(1+IoU)', () => {
    fc.assert(
      fc.property(masks, ([a, b]) => {
        const forth = overlap(confusion(a, b));
        const back = overlap(confusion(b, a));
        expect(forth.dice).toBe(back.dice);
        expect(forth.sensitivity).toBe(back.precision);
        const empty = !a.some((v) => v !== 0) && !b.some((v) => v !== 0);
        expect(forth.dice === undefined).toBe(empty);
        const { dice = 1, iou = 1 } = forth;
        expect(dice >= 0 && dice <= 1).toBe(true);
        expect(dice === 1).toBe(a.every((v, i) => v === b[i]));
        expect(dice).toBeCloseTo((2 * iou) / (1 + iou), 12);
      }),
    );
  });

  test('pooling the parts is counting the whole', () => {
    fc.assert(
      fc.property(masks, fc.nat(40), ([a, b], cut) => {
        const parts = [confusion(a.subarray(0, cut), b.subarray(0, cut)), confusion(a.subarray(cut), b.subarray(cut))];
        expect(pool(parts)).toEqual(confusion(a, b));
      }),
    );
  });

  test('the record says n and the unit, and leaves out what is not defined', () => {
    const truth = Uint8Array.from([1, 1, 0, 0]);
    const half = evaluateMasks([{ predicted: Uint8Array.from([1, 0, 0, 0]), truth, slices: 2 }]);
    expect(half.metrics['dice']).toEqual({ value: 2 / 3, n: 2, unit_of_analysis: 'voxels of 2 slices, pooled' });
    expect(half.metrics['dice_slice_mean']).toEqual({ value: 2 / 3, n: 1, unit_of_analysis: 'slice, mean' });
    expect(half.metrics['volume_ratio']?.value).toBe(0.5);
    expect(evaluateMasks([{ predicted: new Uint8Array(4), truth: new Uint8Array(4), slices: 1 }]).metrics).toEqual({});
  });
});
