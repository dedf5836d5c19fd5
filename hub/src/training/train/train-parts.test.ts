import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { augment, flipped, rotated } from './augment.ts';
import { improvementMin, noProgress, observe, stopReason } from './early-stopping.ts';
import { trainingEvent } from './events.ts';
import { makeRandom } from './random.ts';
import { histogram } from './reference.ts';

describe('random numbers', () => {
  test('the same seed gives the same numbers, another seed others', () => {
    const draw = (seed: number): number[] => {
      const random = makeRandom(seed);
      return Array.from({ length: 20 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    // Pinned: a change here changes every model that is trained again from its seed.
    expect(makeRandom(1).below(1_000_000)).toBe(556340);
  });

  test('a stream depends on its label, not on what was drawn before', () => {
    const a = makeRandom(9);
    const b = makeRandom(9);
    b.next();
    expect(a.stream('x').next()).toBe(b.stream('x').next());
    expect(a.stream('x').next()).not.toBe(a.stream('y').next());
  });

  test('uniform and normal have their moments, for any seed', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = makeRandom(seed);
        const n = 20_000;
        const uniform = Array.from({ length: n }, () => random.next());
        const normal = Array.from({ length: n }, () => random.normal());
        const mean = (v: number[]): number => v.reduce((sum, value) => sum + value, 0) / n;
        expect(uniform.every((v) => v >= 0 && v < 1)).toBe(true);
        expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(0.015);
        expect(Math.abs(mean(normal))).toBeLessThan(0.05);
        expect(Math.abs(mean(normal.map((v) => v * v)) - 1)).toBeLessThan(0.08);
      }),
      { numRuns: 10 },
    );
  });

  test('a shuffle loses nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.nat(), (values, seed) => {
        const order = (a: number, b: number): number => a - b;
        expect(makeRandom(seed).shuffled(values).sort(order)).toEqual([...values].sort(order));
      }),
    );
  });
});

describe('augmentation', () => {
  const size = { rows: 5, columns: 7 };
  const image = Float32Array.from({ length: 35 }, (_, i) => i);

  test('flips mirror along their axis and undo themselves', () => {
    expect(Array.from(flipped(image, size, 'x').subarray(0, 7))).toEqual([6, 5, 4, 3, 2, 1, 0]);
    expect(Array.from(flipped(image, size, 'y').subarray(0, 7))).toEqual([28, 29, 30, 31, 32, 33, 34]);
    for (const axis of ['x', 'y'] as const) expect(flipped(flipped(image, size, axis), size, axis)).toEqual(image);
  });

  test('turning by half a circle is both flips, by nothing is nothing', () => {
    expect(rotated(image, size, 0)).toEqual(image);
    const half = rotated(image, size, Math.PI);
    const both = flipped(flipped(image, size, 'x'), size, 'y');
    for (const [i, value] of half.entries()) expect(value).toBeCloseTo(both[i] as number, 4);
  });

  test('target and image move together, and the sample given is left alone', () => {
    const target = image.map((value) => value / 35);
    const ops = [
      { op: 'flip', axis: 'x' },
      { op: 'rotate', degrees: 15 },
    ] as const;
    const out = augment({ image, target }, size, ops, makeRandom(4));
    for (const [i, value] of out.image.entries()) expect(value / 35).toBeCloseTo(out.target[i] as number, 4);
    expect(image[1]).toBe(1);
    const noisy = augment(
      { image, target },
      size,
      [
        { op: 'noise', std: 0.1 },
        { op: 'contrast', range: [0.5, 0.6] },
      ],
      makeRandom(4),
    );
    expect(noisy.target).toEqual(target);
    expect(noisy.image).not.toEqual(image);
  });
});

describe('early stopping', () => {
  test('the best is the greatest value seen, and a run never goes past its limits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (values, patienceSteps) => {
          let progress = noProgress;
          for (const [i, value] of values.entries()) {
            progress = observe(progress, i + 1, value);
            expect(progress.best).toBe(Math.max(...values.slice(0, i + 1)));
            expect(values[progress.bestStep - 1]).toBe(progress.best);
            const reason = stopReason(progress, i + 1, { patienceSteps, stepsMax: values.length });
            expect(reason === 'steps_max').toBe(i + 1 === values.length);
            if (reason === 'patience') break;
          }
        },
      ),
    );
  });

  test('creeping gains keep the best but do not renew the patience', () => {
    let progress = observe(noProgress, 1, 0.5);
    for (let step = 2; step <= 5; step++) progress = observe(progress, step, 0.5 + (step * improvementMin) / 10);
    expect(progress.bestStep).toBe(5);
    expect(stopReason(progress, 5, { patienceSteps: 4, stepsMax: 100 })).toBe('patience');
    expect(stopReason(observe(progress, 5, 0.6), 5, { patienceSteps: 4, stepsMax: 100 })).toBeUndefined();
  });
});

test('a histogram counts every value once, in its bin', () => {
  expect(histogram([-1, 0, 0.49, 0.5, 1, 2], 0, 1, 2)).toEqual({ low: 0, high: 1, counts: [2, 2], below: 1, above: 1 });
});

test('an event with an unknown key or type is not an event', () => {
  const step = { type: 'step', step: 1, steps_max: 2, loss: 1, elapsed_s: 0, cpu_s: 0 };
  expect(trainingEvent.check(step).ok).toBe(true);
  expect(trainingEvent.check({ ...step, more: 1 }).ok).toBe(false);
  expect(trainingEvent.check({ ...step, type: 'stride' }).ok).toBe(false);
});
