import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeRandom, type Random } from '../../random.ts';
import { startWasm } from './backend.ts';
import { diceBceLoss } from './loss.ts';

beforeAll(async () => {
  await startWasm();
});

// Tensors of a test are freed after it; a scope outside tidy lets tests be asynchronous.
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

/** Random values away from 0 (|v| in 0.1..1), so that no kink of ReLU or max lies within a difference step. */
function values(size: number, random: Random): Float32Array {
  return Float32Array.from({ length: size }, () => (0.1 + 0.9 * random.next()) * (random.next() < 0.5 ? -1 : 1));
}

/**
 * Compares the gradient of `f` with respect to every input with central differences, along random directions and at
 * single elements. `f` gives a scalar; sums are taken on the CPU in float64, so float32 rounding stays small.
 */
function checkGradients(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  shapes: number[][],
  step = 1e-2,
  given?: Float32Array[],
): void {
  const random = makeRandom(7, JSON.stringify(shapes));
  const inputs = shapes.map((shape, i) => tf.tensor(given?.[i] ?? values(tf.util.sizeFromShape(shape), random), shape));
  const output = f(...inputs);
  // A fixed random projection makes a scalar of which every output element is a part.
  const weights = values(output.size, random);
  const projection = tf.tensor(weights, output.shape);
  const project = (...at: tf.Tensor[]): number => {
    const out = tf.tidy(() => f(...at).dataSync<'float32'>());
    return out.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
  };
  const gradients = tf.grads((...at: tf.Tensor[]) => tf.sum(tf.mul(f(...at), projection)))(inputs);
  for (const [which, input] of inputs.entries()) {
    const base = input.dataSync<'float32'>().slice();
    const gradient = gradients[which]?.dataSync<'float32'>() as Float32Array;
    expect(gradients[which]?.shape).toEqual(input.shape);
    const singles = Array.from({ length: 12 }, () => {
      const direction = new Float32Array(base.length);
      direction[random.below(base.length)] = 1;
      return direction;
    });
    for (const direction of [...singles, values(base.length, random), values(base.length, random)]) {
      const at = (sign: number): number => {
        const moved = tf.tensor(
          base.map((value, i) => value + sign * step * (direction[i] as number)),
          input.shape,
        );
        return project(...inputs.map((other, i) => (i === which ? moved : other)));
      };
      const numeric = (at(1) - at(-1)) / (2 * step);
      const analytic = gradient.reduce((sum, value, i) => sum + value * (direction[i] as number), 0);
      const scale = 1 + Math.abs(analytic) + Math.sqrt(base.length) * 0.1;
      expect(Math.abs(numeric - analytic) / scale, `input ${which}: ${numeric} against ${analytic}`).toBeLessThan(5e-3);
    }
  }
}

const convolutions = [
  { size: [6, 6], kernel: 3, strides: 1, pad: 'same' },
  { size: [7, 5], kernel: 3, strides: 1, pad: 'same' },
  { size: [6, 8], kernel: 3, strides: 2, pad: 'same' },
  { size: [7, 9], kernel: 3, strides: 2, pad: 'same' },
  { size: [8, 7], kernel: 3, strides: 2, pad: 'valid' },
  { size: [9, 8], kernel: 4, strides: 3, pad: 'same' },
  { size: [5, 6], kernel: 1, strides: 1, pad: 'valid' },
] as const;
const name = (c: (typeof convolutions)[number]): string =>
  `${c.size.join('×')} kernel ${c.kernel} stride ${c.strides} ${c.pad}`;

describe('gradients on the wasm backend agree with finite differences, batch 3', () => {
  test.each(convolutions.map((c) => [name(c), c] as const))('Conv2D %s', (_, c) => {
    checkGradients(
      (x, w, b) => tf.add(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, c.strides, c.pad), b),
      [[3, ...c.size, 2], [c.kernel, c.kernel, 2, 4], [4]],
    );
  });

  test.each(convolutions.map((c) => [name(c), c] as const))('DepthwiseConv2D %s', (_, c) => {
    checkGradients(
      (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, c.strides, c.pad),
      [
        [3, ...c.size, 3],
        [c.kernel, c.kernel, 3, 2],
      ],
    );
  });

  test.each([0, -5])('MaxPooling, all values about %d', (offset) => {
    for (const [size, window, strides, pad] of [
      [6, 2, 2, 'valid'],
      [7, 3, 2, 'same'],
      [5, 2, 1, 'same'],
    ] as const) {
      const random = makeRandom(3);
      // A grid of distinct values, further apart than the difference step.
      const count = 2 * size * size * 2;
      const distinct = random.shuffled(Array.from({ length: count }, (_, i) => offset + (i - count / 2) * 0.05));
      checkGradients((x) => tf.maxPool(x as tf.Tensor4D, window, strides, pad), [[2, size, size, 2]], 1e-2, [
        Float32Array.from(distinct),
      ]);
    }
  });

  test.each(['bilinear', 'nearest'] as const)('UpSampling2D %s', (interpolation) => {
    for (const size of [
      [4, 4],
      [5, 3],
    ]) {
      const layer = layers.layers.upSampling2d({ size: [2, 2], interpolation });
      checkGradients((x) => layer.apply(x) as tf.Tensor, [[3, ...size, 2]]);
    }
  });

  test('BatchNormalization in training, through the statistics of the batch', () => {
    const layer = layers.layers.batchNormalization({ epsilon: 1e-3 });
    layer.build([null, 4, 5, 3]);
    const call = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor): tf.Tensor => {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      return tf.batchNorm(x, mean, variance, beta, gamma, 1e-3);
    };
    const x = tf.tensor(values(2 * 4 * 5 * 3, makeRandom(1)), [2, 4, 5, 3]);
    const applied = layer.apply(x, { training: true }) as tf.Tensor;
    const same = call(x, tf.ones([3]), tf.zeros([3]));
    expect(tf.max(tf.abs(tf.sub(applied, same))).dataSync()[0]).toBeLessThan(1e-5);
    checkGradients(call, [[2, 4, 5, 3], [3], [3]]);
    checkGradients((y) => layer.apply(y, { training: true }) as tf.Tensor, [[2, 4, 5, 3]]);
  });

  test('BatchNormalization moves its statistics towards those of the batch', () => {
    const layer = layers.layers.batchNormalization({ momentum: 0.75 });
    const x = tf.tensor(Float32Array.from([1, 3, 5, 7]), [4, 1, 1, 1]);
    layer.apply(x, { training: true });
    const [, , mean, variance] = layer.getWeights().map((weight) => weight.dataSync()[0] as number);
    expect(mean).toBeCloseTo(0.25 * 4, 6);
    // tfjs takes the variance of the batch as it is, without the n / (n - 1) of an unbiased estimate.
    expect(variance).toBeCloseTo(0.75 * 1 + 0.25 * 5, 5);
  });

  test('ReLU and Concatenate', () => {
    checkGradients((x) => tf.relu(x), [[2, 3, 3, 2]]);
    const join = layers.layers.concatenate({ axis: -1 });
    checkGradients(
      (a, b) => join.apply([a, b]) as tf.Tensor,
      [
        [2, 3, 3, 2],
        [2, 3, 3, 1],
      ],
    );
  });

  test('the Dice and cross-entropy loss', () => {
    const random = makeRandom(5);
    const targets = tf.tensor(
      Float32Array.from({ length: 50 }, () => random.next()),
      [2, 5, 5, 1],
    );
    checkGradients((z) => diceBceLoss(z, targets), [[2, 5, 5, 1]]);
    const huge = diceBceLoss(tf.tensor([80, -80]), tf.tensor([0, 1])).dataSync()[0] as number;
    // Targets count as 0.02 and 0.98: 80 × 0.98 of cross-entropy, and a Dice term below 1.
    expect(huge).toBeGreaterThan(78.4);
    expect(huge).toBeLessThan(79.4);
  });
});
