import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { setBackend } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportChecked } from '../export-checked.ts';
import type { ExportOptions } from '../export-onnx.ts';
import { seededBatch } from '../seeded-batch.ts';
import { oneLayer } from '../testing/seeded-models.ts';
import { supportedLayers } from './registry.ts';

const options: ExportOptions = { opset: 17, producer: { name: 'collimator-test', version: '0' } };
const BATCH = 3;

type Case = {
  readonly name: string;
  readonly make: () => layers.Layer;
  readonly shapes: readonly (readonly (number | null)[])[];
};
const on = (shapes: Case['shapes'], name: string, make: Case['make']): Case => ({ name, make, shapes });

/** Odd and unequal sizes, so that SAME pads unevenly and a swapped axis shows. */
const IMAGE = [11, 8, 3] as const;
const VECTOR = [7] as const;

const activations = [
  ...['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'hardSigmoid', 'tanh', 'softmax', 'logSoftmax'],
  ...['softplus', 'softsign', 'swish', 'mish', 'gelu', 'gelu_new'],
] as const;

// tfjs accepts more activation names at run time than its type lists.
type ActivationName = NonNullable<Parameters<typeof layers.activation>[0]['activation']>;
const named = (name: string): ActivationName => name as ActivationName;

const convolutions: Case[] = (['same', 'valid'] as const).flatMap((padding) => [
  ...[1, 2, 3, 4, 5].flatMap((kernelSize) =>
    [1, 2, 3].map((strides) =>
      on([IMAGE], `conv2d ${padding} kernel ${kernelSize} stride ${strides}`, () =>
        layers.conv2d({ filters: 5, kernelSize, strides, padding }),
      ),
    ),
  ),
  on([IMAGE], `conv2d ${padding} unequal kernel and strides`, () =>
    layers.conv2d({ filters: 4, kernelSize: [3, 2], strides: [2, 3], padding }),
  ),
  on([IMAGE], `conv2d ${padding} dilated`, () =>
    layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: [2, 3], padding }),
  ),
  on([IMAGE], `conv2d ${padding} no bias, activation`, () =>
    layers.conv2d({ filters: 4, kernelSize: 3, padding, useBias: false, activation: 'elu' }),
  ),
  ...[1, 2, 3].flatMap((depthMultiplier) =>
    [1, 2].map((strides) =>
      on([IMAGE], `depthwise ${padding} multiplier ${depthMultiplier} stride ${strides}`, () =>
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier, strides, padding, activation: 'relu' }),
      ),
    ),
  ),
  ...[1, 2, 3, 4].flatMap((kernelSize) =>
    [1, 2, 3].map((strides) =>
      on([IMAGE], `conv2dTranspose ${padding} kernel ${kernelSize} stride ${strides}`, () =>
        layers.conv2dTranspose({ filters: 4, kernelSize, strides, padding }),
      ),
    ),
  ),
  on([IMAGE], `conv2dTranspose ${padding} unequal, no bias, activation`, () =>
    layers.conv2dTranspose({
      filters: 2,
      kernelSize: [2, 5],
      strides: [3, 2],
      padding,
      useBias: false,
      activation: 'tanh',
    }),
  ),
  ...[2, 3].flatMap((poolSize) =>
    [1, 2, 3].flatMap((strides) => [
      on([IMAGE], `maxPooling2d ${padding} ${poolSize} stride ${strides}`, () =>
        layers.maxPooling2d({ poolSize, strides, padding }),
      ),
      on([IMAGE], `averagePooling2d ${padding} ${poolSize} stride ${strides}`, () =>
        layers.averagePooling2d({ poolSize, strides, padding }),
      ),
    ]),
  ),
]);

const unknownSizes: Case[] = [
  on([[null, null, 3]], 'conv2d same stride 2, size unknown', () =>
    layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: 'same' }),
  ),
  on([[null, null, 3]], 'conv2d same dilated, size unknown', () =>
    layers.conv2d({ filters: 4, kernelSize: 3, dilationRate: 2, padding: 'same' }),
  ),
  on([[null, null, 3]], 'averagePooling2d same, size unknown', () =>
    layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }),
  ),
  on([[null, null, 3]], 'upSampling2d bilinear, size unknown', () =>
    layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }),
  ),
];

const cases: Case[] = [
  ...convolutions,
  ...unknownSizes,
  ...activations.flatMap((name) => [
    on([IMAGE], `activation ${name} on images`, () => layers.activation({ activation: named(name) })),
    on([VECTOR], `dense with ${name}`, () => layers.dense({ units: 5, activation: named(name) })),
    on([IMAGE], `conv2d with ${name}`, () => layers.conv2d({ filters: 4, kernelSize: 3, activation: named(name) })),
  ]),
  on([VECTOR], 'dense no bias', () => layers.dense({ units: 5, useBias: false })),
  on([[5, 7]], 'dense on rank 3', () => layers.dense({ units: 4, activation: 'relu' })),
  on([[5, 7]], 'dense no bias on rank 3', () => layers.dense({ units: 4, useBias: false })),
  on([IMAGE], 'dense on images', () => layers.dense({ units: 4 })),
  on([IMAGE], 'batchNormalization on images', () => layers.batchNormalization({})),
  on([IMAGE], 'batchNormalization with its own epsilon', () => layers.batchNormalization({ epsilon: 0.1 })),
  on([IMAGE], 'batchNormalization without scale', () => layers.batchNormalization({ scale: false })),
  on([IMAGE], 'batchNormalization without center', () => layers.batchNormalization({ center: false })),
  on([IMAGE], 'batchNormalization frozen', () => layers.batchNormalization({ trainable: false })),
  on([VECTOR], 'batchNormalization on vectors', () => layers.batchNormalization({})),
  on([[5, 7]], 'batchNormalization on rank 3', () => layers.batchNormalization({})),
  on([IMAGE], 'reLU', () => layers.reLU()),
  on([IMAGE], 'reLU with a maximum', () => layers.reLU({ maxValue: 0.75 })),
  on([IMAGE], 'leakyReLU', () => layers.leakyReLU()),
  on([IMAGE], 'leakyReLU with alpha', () => layers.leakyReLU({ alpha: 0.05 })),
  on([IMAGE], 'elu', () => layers.elu()),
  on([IMAGE], 'thresholdedReLU', () => layers.thresholdedReLU({ theta: 0.4 })),
  on([IMAGE], 'prelu on images', () => layers.prelu()),
  on([IMAGE], 'prelu shared over pixels', () => layers.prelu({ sharedAxes: [1, 2] })),
  on([VECTOR], 'prelu on vectors', () => layers.prelu()),
  on([[5, 7]], 'prelu on rank 3', () => layers.prelu({ sharedAxes: [1] })),
  on([VECTOR], 'softmax', () => layers.softmax()),
  on([IMAGE], 'softmax over channels', () => layers.softmax({ axis: -1 })),
  on([IMAGE], 'upSampling2d nearest', () => layers.upSampling2d({ size: [2, 3] })),
  on([IMAGE], 'upSampling2d bilinear', () => layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' })),
  on([IMAGE], 'upSampling2d bilinear, unequal', () => layers.upSampling2d({ size: [3, 4], interpolation: 'bilinear' })),
  on([IMAGE], 'zeroPadding2d', () => layers.zeroPadding2d()),
  on([IMAGE], 'zeroPadding2d uneven', () =>
    layers.zeroPadding2d({
      padding: [
        [0, 2],
        [3, 1],
      ],
    }),
  ),
  on([IMAGE], 'cropping2D', () =>
    layers.cropping2D({
      cropping: [
        [0, 2],
        [3, 0],
      ],
    }),
  ),
  on([IMAGE], 'globalAveragePooling2d', () => layers.globalAveragePooling2d({})),
  on([IMAGE], 'globalMaxPooling2d', () => layers.globalMaxPooling2d({})),
  on([IMAGE], 'flatten', () => layers.flatten()),
  on([IMAGE], 'reshape', () => layers.reshape({ targetShape: [4, 2, 33] })),
  on([IMAGE], 'reshape with one size left open', () => layers.reshape({ targetShape: [-1, 6] })),
  on([IMAGE], 'permute', () => layers.permute({ dims: [3, 1, 2] })),
  on([IMAGE], 'dropout', () => layers.dropout({ rate: 0.5 })),
  on([IMAGE], 'gaussianNoise', () => layers.gaussianNoise({ stddev: 1 })),
  on([IMAGE], 'gaussianDropout', () => layers.gaussianDropout({ rate: 0.5 })),
  on([IMAGE], 'alphaDropout', () => layers.alphaDropout({ rate: 0.5 })),
  on([IMAGE, IMAGE, IMAGE], 'add', () => layers.add()),
  on([IMAGE, [1, 1, 3]], 'multiply, broadcast', () => layers.multiply()),
  on([IMAGE, IMAGE, IMAGE], 'multiply', () => layers.multiply()),
  on([IMAGE, IMAGE, IMAGE], 'average', () => layers.average()),
  on([IMAGE, IMAGE, IMAGE], 'maximum', () => layers.maximum()),
  on([IMAGE, IMAGE, IMAGE], 'minimum', () => layers.minimum()),
  on([IMAGE, [11, 8, 2]], 'concatenate', () => layers.concatenate()),
  on([IMAGE, [4, 8, 3]], 'concatenate rows', () => layers.concatenate({ axis: 1 })),
];

const sizes = (shape: readonly (number | null)[]) => [BATCH, ...shape.map((dim, axis) => dim ?? 9 + axis)];

async function differenceOf({ make, shapes }: Case): Promise<number> {
  const model = oneLayer(make(), shapes);
  const batches = [seededBatch(shapes.map(sizes), 3)];
  const { parity } = await exportChecked(model, { ...options, batches });
  return parity.max_abs_diff;
}

describe('on the cpu backend', () => {
  beforeAll(() => setBackend('cpu'));

  test.each(cases)('$name matches ONNX Runtime', async (layerCase) => {
    expect(await differenceOf(layerCase)).toBeLessThanOrEqual(1e-5);
  });

  test('every supported layer has a case', () => {
    const covered = new Set(cases.map(({ make }) => make().getClassName()));
    expect(supportedLayers.filter((name) => !covered.has(name))).toEqual([]);
  });
});

describe('on the wasm backend', () => {
  beforeAll(() => setBackend('wasm'));

  const some = cases.filter(({ name }) =>
    /^(conv2d (same|valid) kernel 3|conv2dTranspose same kernel 3|averagePooling2d same|upSampling|batchNorm|concat)/.test(
      name,
    ),
  );
  test.each(some)('$name matches ONNX Runtime', async (layerCase) => {
    expect(await differenceOf(layerCase)).toBeLessThanOrEqual(1e-5);
  });
});
