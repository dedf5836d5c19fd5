import '@tensorflow/tfjs-backend-cpu';
import { isCoded } from '@collimator/shared/errors/coded-error';
import { setBackend, tensor } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, sequential } from '@tensorflow/tfjs-layers';
import { InferenceSession } from 'onnxruntime-node';
import { beforeAll, describe, expect, test } from 'vitest';
import { exportChecked, requireParity } from './export-checked.ts';
import { type ExportOptions, exportOnnx } from './export-onnx.ts';
import { applied, oneLayer, smallClassifier, smallUnet, withSeededWeights } from './testing/seeded-models.ts';

const options: ExportOptions = { opset: 17, producer: { name: 'collimator-test', version: '0' } };

beforeAll(() => setBackend('cpu'));

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}

describe('refusals', () => {
  const image = [[8, 8, 2]];
  const refused: [string, () => LayersModel, string, RegExp][] = [
    [
      'a recurrent layer',
      () => oneLayer(layers.lstm({ units: 2, name: 'memory', recurrentInitializer: 'glorotNormal' }), [[4, 3]]),
      'layer',
      /"memory" \(LSTM\)/,
    ],
    [
      'a wrapper',
      () => oneLayer(layers.timeDistributed({ layer: layers.dense({ units: 2 }) }), [[4, 3]]),
      'layer',
      /TimeDistributed/,
    ],
    [
      'a separable convolution',
      () => oneLayer(layers.separableConv2d({ filters: 2, kernelSize: 3 }), image),
      'layer',
      /SeparableConv2D/,
    ],
    ['a 1D convolution', () => oneLayer(layers.conv1d({ filters: 2, kernelSize: 3 }), [[8, 2]]), 'layer', /Conv1D/],
    [
      'channels first',
      () => oneLayer(layers.conv2d({ filters: 2, kernelSize: 3, dataFormat: 'channelsFirst' }), image),
      'option',
      /dataFormat = "channelsFirst"/,
    ],
    [
      'channels first pooling',
      () => oneLayer(layers.maxPooling2d({ poolSize: 2, dataFormat: 'channelsFirst' }), image),
      'option',
      /MaxPooling2D.*channelsFirst/,
    ],
    [
      'channels first flatten',
      () => oneLayer(layers.flatten({ dataFormat: 'channelsFirst' }), image),
      'option',
      /Flatten.*channelsFirst/,
    ],
    [
      'a dilated depthwise convolution',
      () => oneLayer(layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 }), image),
      'option',
      /dilationRate = \[2,2\]/,
    ],
    [
      'normalization over rows',
      () => oneLayer(layers.batchNormalization({ axis: 1 }), image),
      'option',
      /BatchNormalization.*axis = 1/,
    ],
    ['adding different ranks', () => oneLayer(layers.add(), [[8, 8, 2], [2]]), 'option', /ranks/],
  ];

  test.each(refused)('%s is refused by name', (_name, make, what, message) => {
    const built = make();
    const error = thrownBy(() => exportOnnx(built, options));
    expect(isCoded(error, what === 'layer' ? 'export-unsupported-layer' : 'export-unsupported-option')).toBe(true);
    expect(String(error)).toMatch(message);
  });

  test('an activation that came later is refused by name', () => {
    const built = oneLayer(layers.dense({ units: 2, name: 'head' }), [[3]]);
    const head = built.getLayer('head');
    const config = head.getConfig();
    head.getConfig = () => ({ ...config, activation: 'snake' });
    const error = thrownBy(() => exportOnnx(built, options));
    expect(isCoded(error, 'export-unsupported-activation')).toBe(true);
    expect(String(error)).toMatch(/"snake" of layer "head" \(Dense\)/);
  });

  test('an integer input is refused', () => {
    const ids = input({ shape: [3], dtype: 'int32' });
    const built = model({
      inputs: ids,
      outputs: applied(layers.flatten(), applied(layers.reshape({ targetShape: [3, 1] }), ids)),
    });
    expect(
      isCoded(
        thrownBy(() => exportOnnx(built, options)),
        'export-unsupported-option',
      ),
    ).toBe(true);
  });

  test('a model that was never built is refused', () => {
    const built = sequential();
    expect(
      isCoded(
        thrownBy(() => exportOnnx(built, options)),
        'export-unsupported-option',
      ),
    ).toBe(true);
  });

  test('another opset is refused', () => {
    expect(
      isCoded(
        thrownBy(() => exportOnnx(smallClassifier(), { ...options, opset: 13 })),
        'export-opset',
      ),
    ).toBe(true);
  });

  test.each([
    { inputNames: ['a', 'b'] },
    { outputNames: [] },
    { inputNames: ['x'], outputNames: ['x'] },
    { inputNames: [''] },
    { outputNames: ['a/b'] },
  ])('names that do not fit are refused: %j', (names) => {
    expect(
      isCoded(
        thrownBy(() => exportOnnx(smallClassifier(), { ...options, ...names })),
        'export-names',
      ),
    ).toBe(true);
  });
});

describe('the file', () => {
  test('the same weights give the same bytes, although tfjs names each model differently', () => {
    const metadata = { b: '2', a: '1' };
    const first = exportOnnx(smallUnet(32), { ...options, metadata });
    const second = exportOnnx(smallUnet(32), { ...options, metadata: { a: '1', b: '2' } });
    expect(Buffer.compare(first, second)).toBe(0);
    expect(Buffer.compare(first, exportOnnx(smallUnet(32, 8), { ...options, metadata }))).not.toBe(0);
  });

  test('names given by the author stay, and the batch is symbolic', async () => {
    const image = input({ shape: [6, 6, 1] });
    const outputs = applied(layers.conv2d({ filters: 1, kernelSize: 3, name: 'stem' }), image);
    const onnx = exportOnnx(withSeededWeights(model({ inputs: image, outputs }), 1), options);
    expect(Buffer.from(onnx).includes('stem/Conv')).toBe(true);
    const session = await InferenceSession.create(onnx);
    const [metadata] = session.inputMetadata;
    expect(metadata).toMatchObject({ name: 'input', type: 'float32', shape: ['batch', 6, 6, 1] });
    await session.release();
  });
});

describe('exportChecked', () => {
  test('reports the difference of each output', async () => {
    const { parity } = await exportChecked(smallClassifier(), options);
    expect(parity.per_output).toEqual([{ name: 'output', max_abs_diff: parity.max_abs_diff }]);
  });

  test('a single perturbed weight fails and the worst output is named', async () => {
    const image = input({ shape: [7, 7, 2] });
    const sound = applied(layers.conv2d({ filters: 2, kernelSize: 3 }), image);
    const broken = applied(layers.conv2d({ filters: 2, kernelSize: 3, name: 'broken' }), image);
    const built = withSeededWeights(model({ inputs: image, outputs: [sound, broken] }), 5);
    const onnx = exportOnnx(built, { ...options, outputNames: ['sound', 'broken'] });
    await expect(requireParity(built, onnx, {})).resolves.toMatchObject({
      per_output: [{ name: 'sound' }, { name: 'broken' }],
    });
    const [kernel, bias] = built.getLayer('broken').getWeights();
    if (kernel === undefined || bias === undefined) throw new Error('the layer has two weights');
    const values = Float32Array.from(kernel.dataSync());
    values[0] = (values[0] ?? 0) + 1e-3;
    built.getLayer('broken').setWeights([tensor(values, kernel.shape), bias]);
    const error: unknown = await requireParity(built, onnx, {}).catch((reason: unknown) => reason);
    expect(isCoded(error, 'export-parity')).toBe(true);
    expect(String(error)).toMatch(/output "broken" differs by/);
  });

  test('a tolerance below the rounding error fails', async () => {
    const error: unknown = await exportChecked(smallClassifier(), options, 0).catch((reason: unknown) => reason);
    expect(isCoded(error, 'export-parity')).toBe(true);
  });

  test('a weight that is not a number fails', async () => {
    const built = oneLayer(layers.dense({ units: 1, useBias: false, name: 'd' }), [[1]]);
    built.getLayer('d').setWeights([tensor([Number.NaN], [1, 1])]);
    const error: unknown = await exportChecked(built, options).catch((reason: unknown) => reason);
    expect(isCoded(error, 'export-parity')).toBe(true);
  });

  test('a file that is no model is rejected', async () => {
    const error: unknown = await requireParity(smallClassifier(), new Uint8Array(64), {}).catch(
      (reason: unknown) => reason,
    );
    expect(isCoded(error, 'export-rejected')).toBe(true);
  });
});
