import { tensor } from '@tensorflow/tfjs-core';
import { input, type LayersModel, layers, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { seededUniform } from '../seeded-batch.ts';

type Layer = layers.Layer;

/** Replaces every weight by seeded numbers of the size that trained ones have; variances are positive. */
export function withSeededWeights<T extends Layer>(built: T, seed: number): T {
  const uniform = seededUniform(seed);
  const values = built.weights.map((variable) => {
    const shape = variable.shape.map((dim) => dim ?? 1);
    const size = shape.reduce((product, dim) => product * dim, 1);
    const fanIn = Math.max(1, size / (shape.at(-1) ?? 1));
    const scale = shape.length === 1 ? 0.3 : Math.sqrt(3 / fanIn);
    const draw = variable.originalName.endsWith('variance')
      ? () => 0.2 + uniform()
      : variable.originalName.endsWith('gamma')
        ? () => 0.5 + uniform()
        : () => (uniform() * 2 - 1) * scale;
    return tensor(Float32Array.from({ length: size }, draw), shape);
  });
  built.setWeights(values);
  for (const value of values) value.dispose();
  return built;
}

/** The first of a layer's results; every layer here has one. */
export function applied(layer: Layer, to: SymbolicTensor | SymbolicTensor[]): SymbolicTensor {
  const result = layer.apply(to);
  // Symbolic in, symbolic out; the declared type also covers eager tensors.
  return (Array.isArray(result) ? result[0] : result) as SymbolicTensor;
}

/** A model of one layer on inputs of the given shapes (without the batch). */
export function oneLayer(layer: Layer, shapes: readonly (readonly (number | null)[])[], seed = 7): LayersModel {
  const inputs = shapes.map((shape) => input({ shape: [...shape] }));
  const [first] = inputs;
  if (first === undefined) throw new Error('a model needs an input');
  const outputs = applied(layer, inputs.length === 1 ? first : inputs);
  return withSeededWeights(model({ inputs, outputs }), seed);
}

/** The demo's shape of network: convolution, normalization, ReLU; strided down, bilinear up, skip connections. */
export function smallUnet(size: number, seed = 7): LayersModel {
  const image = input({ shape: [size, size, 1] });
  const block = (x: SymbolicTensor, filters: number, strides = 1): SymbolicTensor => {
    const conv = layers.conv2d({ filters, kernelSize: 3, strides, padding: 'same', useBias: false });
    return applied(layers.reLU(), applied(layers.batchNormalization({}), applied(conv, x)));
  };
  const up = (x: SymbolicTensor, skip: SymbolicTensor): SymbolicTensor =>
    applied(layers.concatenate(), [applied(layers.upSampling2d({ size: [2, 2], interpolation: 'bilinear' }), x), skip]);
  const top = block(image, 8);
  const middle = block(block(top, 16, 2), 16);
  const bottom = block(block(middle, 24, 2), 24);
  const raised = block(up(bottom, middle), 16);
  const full = block(up(raised, top), 8);
  const outputs = applied(layers.conv2d({ filters: 1, kernelSize: 1, activation: 'sigmoid' }), full);
  return withSeededWeights(model({ inputs: image, outputs }), seed);
}

/** Convolutions, global pooling, dropout and a softmax over three classes. */
export function smallClassifier(seed = 7): LayersModel {
  const image = input({ shape: [31, 29, 3] });
  const conv = layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' });
  const pooled = applied(layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), applied(conv, image));
  const depthwise = applied(layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: 'relu6' }), pooled);
  const features = applied(layers.dropout({ rate: 0.5 }), applied(layers.globalAveragePooling2d({}), depthwise));
  const hidden = applied(layers.dense({ units: 8, activation: 'swish' }), features);
  const outputs = applied(layers.dense({ units: 3, activation: 'softmax' }), hidden);
  return withSeededWeights(model({ inputs: image, outputs }), seed);
}
