import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PostprocessingOp } from '../contracts/release.ts';
import { sigmoid } from './activations.ts';
import { makeMaskOnly, makeSliceMasker } from './slice-mask.ts';
import { makeToSource } from './to-source.ts';
import { type AxisMap, type Triple, triple, voxelsOf } from './volume-grid.ts';

const side = fc.integer({ min: 1, max: 17 });
const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
/** Values beside thresholds too, and exactly on them; also where float32 has few digits left, and none. */
const thresholds = fc.oneof(
  fc.constantFrom(
    -1,
    0,
    1e-46,
    1e-44,
    5.43295954567406e-41,
    1e-38,
    1e-9,
    0.02,
    0.5,
    Math.fround(0.3),
    0.999_999,
    1,
    1.000_001,
    2,
  ),
  fc.double({ min: 0, max: 1, noNaN: true }),
);

/** Logits with few or many above the threshold, some far from it, some within a rounding of it. */
function logitsOf(count: number, seed: number, at: number, share: number): Float32Array {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const edge = at > 0 && at < 1 ? Math.log(at / (1 - at)) : 0;
  return Float32Array.from({ length: count }, () => {
    const kind = next();
    if (kind < 0.2) return edge + (next() - 0.5) * 2e-6;
    if (kind < 0.3) return edge;
    return next() < share ? edge + 8 * next() : edge - 30 * next();
  });
}

describe('masks worked out only near the threshold', () => {
  test('are those of all of the probabilities, bit for bit', () => {
    fc.assert(
      fc.property(
        ...[side, side, side, side, fc.integer({ min: 1, max: 3 })],
        ...[seeds, thresholds, fc.constantFrom(0, 0.02, 0.5, 1)],
        (rows, columns, toRows, toColumns, channels, seed, at, share) => {
          const ops: PostprocessingOp[] = [
            { op: 'sigmoid' },
            { op: 'resize-to-source', interpolation: 'bilinear' },
            { op: 'threshold', at },
          ];
          const size = { rows: toRows, columns: toColumns };
          const plane = { values: logitsOf(channels * rows * columns, seed, at, share), rows, columns, channels };
          const masker = makeMaskOnly(ops, size);
          // Of one plane after the other, with what the one before left in memory.
          for (const values of [plane.values, plane.values.toReversed(), plane.values]) {
            const wanted = makeSliceMasker(ops, size)({ ...plane, values }).mask;
            expect(masker({ ...plane, values })).toEqual(wanted);
            expect(masker({ ...plane, values }, new Uint8Array(wanted.length).fill(1))).toEqual(wanted);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('so are those of a volume laid back on its source, turned or cut as it may be', () => {
    const sides = fc.tuple(side, side, side) as fc.Arbitrary<Triple>;
    const order = fc.shuffledSubarray<0 | 1 | 2>([0, 1, 2], { minLength: 3 });
    const map = fc.record({
      scale: fc.constantFrom(1, -1, 2.3, -2.3, 0.4, -0.7),
      offset: fc.double({ min: -3, max: 9, noNaN: true }),
    });
    fc.assert(
      fc.property(
        ...[sides, sides, order, fc.tuple(map, map, map), fc.integer({ min: 1, max: 2 })],
        ...[seeds, thresholds, fc.constantFrom(0.02, 0.5)],
        (shape, source, axes, moved, channels, seed, at, share) => {
          const maps = triple((axis): AxisMap => ({ ...moved[axis], source: axes[axis] as 0 | 1 | 2 }));
          const values = sigmoid(logitsOf(channels * voxelsOf(shape), seed, at, share));
          const back = makeToSource({ shape, maps, channels }, source, 'linear');
          for (let i = 0; i < source[0]; i++) {
            const all = back.slice(values, i);
            expect(back.mask(values, i, at)).toEqual(Uint8Array.from(all, (value) => (value >= at ? 1 : 0)));
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
