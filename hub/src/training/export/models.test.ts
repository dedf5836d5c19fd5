import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { input, layers, model, sequential } from '@tensorflow/tfjs-layers';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportChecked } from './export-checked.ts';
import { buildGraph, type ExportOptions } from './export-onnx.ts';
import { applied, smallClassifier, smallUnet, withSeededWeights } from './testing/seeded-models.ts';
import { transposeCount } from './transpose-elimination.ts';

const options: ExportOptions = { opset: 17, producer: { name: 'collimator-test', version: '0' } };

describe.each(['cpu', 'wasm'])('whole models on the %s backend', (backend) => {
  beforeAll(() => setBackend(backend));

  test('a small U-Net matches, with and without channels first inside, and folded', async () => {
    const unet = smallUnet(64);
    for (const variant of [{}, { eliminateTransposes: false }, { foldBatchNormalization: true }]) {
      const { parity } = await exportChecked(unet, { ...options, ...variant });
      expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
    }
  });

  test('a small classifier matches', async () => {
    const { parity } = await exportChecked(smallClassifier(), options);
    expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
  });
});

describe('graphs of layers', () => {
  beforeEach(() => setBackend('cpu'));

  test('a U-Net is transposed at its borders only', () => {
    const unet = smallUnet(64);
    expect(transposeCount(buildGraph(unet, options))).toBe(2);
    expect(transposeCount(buildGraph(unet, { ...options, eliminateTransposes: false }))).toBeGreaterThan(30);
  });

  test('folding leaves no batch normalization behind a convolution', () => {
    const operators = (fold: boolean) =>
      buildGraph(smallUnet(64), { ...options, foldBatchNormalization: fold }).nodes.map((node) => node.opType);
    expect(operators(false).filter((op) => op === 'BatchNormalization')).toHaveLength(7);
    expect(operators(true)).not.toContain('BatchNormalization');
  });

  test('several inputs and outputs keep their order and names', async () => {
    const a = input({ shape: [9, 7, 2] });
    const b = input({ shape: [4] });
    const features = applied(layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' }), a);
    const flat = applied(layers.flatten(), features);
    const joined = applied(layers.concatenate(), [flat, b]);
    const score = applied(layers.dense({ units: 2, activation: 'softmax' }), joined);
    const built = withSeededWeights(model({ inputs: [b, a], outputs: [score, features, b] }), 5);
    const names = { inputNames: ['age', 'image'], outputNames: ['score', 'features', 'echo'] };
    const { parity } = await exportChecked(built, { ...options, ...names });
    expect(parity.per_output.map((output) => output.name)).toEqual(names.outputNames);
    expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
    const graph = buildGraph(built, { ...options, ...names });
    expect(graph.inputs).toEqual([
      { name: 'age', dims: ['batch', 4] },
      { name: 'image', dims: ['batch', 9, 7, 2] },
    ]);
  });

  test('one value can be two outputs', async () => {
    const image = input({ shape: [6, 5, 2] });
    const y = applied(layers.conv2d({ filters: 2, kernelSize: 3 }), image);
    const built = withSeededWeights(
      model({ inputs: image, outputs: [y, applied(layers.dropout({ rate: 0.1 }), y)] }),
      5,
    );
    const { parity } = await exportChecked(built, options);
    expect(parity.per_output.map((output) => output.name)).toEqual(['output_1', 'output_2']);
  });

  test('a shared layer keeps one set of weights and works at two sizes', async () => {
    const a = input({ shape: [9, 7, 2] });
    const b = input({ shape: [12, 8, 2] });
    const shared = layers.conv2d({ filters: 3, kernelSize: 3, strides: 2, padding: 'same' });
    const pool = layers.globalAveragePooling2d({});
    const outputs = applied(layers.add(), [applied(pool, applied(shared, a)), applied(pool, applied(shared, b))]);
    const built = withSeededWeights(model({ inputs: [a, b], outputs }), 5);
    const { parity } = await exportChecked(built, options);
    expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
    expect(buildGraph(built, options).initializers.filter((item) => item.dims.length === 4)).toHaveLength(1);
  });

  test('nested models are flattened, also when used twice', async () => {
    const inner = sequential({
      layers: [
        layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same', inputShape: [8, 6, 2] }),
        layers.batchNormalization({}),
        layers.leakyReLU({}),
      ],
    });
    const image = input({ shape: [8, 6, 2] });
    const once = applied(inner, image);
    const built = withSeededWeights(model({ inputs: image, outputs: applied(inner, once) }), 5);
    const { parity } = await exportChecked(built, options);
    expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
    expect(transposeCount(buildGraph(built, options))).toBe(2);
  });

  test('a sequential model matches', async () => {
    const built = sequential({
      layers: [
        layers.zeroPadding2d({ padding: 1, inputShape: [7, 9, 1] }),
        layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, activation: 'relu' }),
        layers.flatten(),
        layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    const { parity } = await exportChecked(withSeededWeights(built, 5), options);
    expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
  });
});
