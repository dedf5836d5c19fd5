import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import { input, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { beforeAll, expect, test } from 'vitest';
import { exportChecked } from './export-checked.ts';
import { buildGraph, type ExportOptions } from './export-onnx.ts';
import { applied, withSeededWeights } from './testing/seeded-models.ts';

const options: ExportOptions = {
  opset: 17,
  producer: { name: 'collimator-test', version: '0' },
  foldBatchNormalization: true,
};

beforeAll(() => setBackend('cpu'));

async function normalizationsLeft(outputsOf: (image: SymbolicTensor) => SymbolicTensor[]): Promise<number> {
  const image = input({ shape: [9, 7, 2] });
  const built = withSeededWeights(model({ inputs: image, outputs: outputsOf(image) }), 5);
  const { parity } = await exportChecked(built, options);
  expect(parity.max_abs_diff).toBeLessThanOrEqual(1e-5);
  return buildGraph(built, options).nodes.filter((node) => node.opType === 'BatchNormalization').length;
}

const normalized = (x: SymbolicTensor) => applied(layers.batchNormalization({ epsilon: 0.05 }), x);

test('folds behind a convolution with and without bias, and a depthwise one', async () => {
  const left = await normalizationsLeft((image) => {
    const a = normalized(applied(layers.conv2d({ filters: 3, kernelSize: 3 }), image));
    const b = normalized(applied(layers.conv2d({ filters: 4, kernelSize: 3, useBias: false }), a));
    return [normalized(applied(layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2 }), b))];
  });
  expect(left).toBe(0);
});

test('does not fold when an activation lies between, or when others read the convolution or its weights', async () => {
  const activated = await normalizationsLeft((image) => [
    normalized(applied(layers.conv2d({ filters: 3, kernelSize: 3, activation: 'relu' }), image)),
  ]);
  const readTwice = await normalizationsLeft((image) => {
    const conv = applied(layers.conv2d({ filters: 3, kernelSize: 3 }), image);
    return [conv, normalized(conv)];
  });
  const shared = await normalizationsLeft((image) => {
    const layer = layers.conv2d({ filters: 2, kernelSize: 3, padding: 'same' });
    return [normalized(applied(layer, applied(layer, image)))];
  });
  expect([activated, readTwice, shared]).toEqual([1, 1, 1]);
});
