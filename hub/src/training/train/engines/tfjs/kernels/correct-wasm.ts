import * as tf from '@tensorflow/tfjs-core';
import { conv2dFilterGradient } from './conv2d-filter-gradient.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise-gradients.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';

type Inputs = Record<string, tf.TensorInfo>;
type Attributes = {
  strides: number | [number, number];
  pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  filterShape: [number, number, number, number];
  inputShape: [number, number, number, number];
  filterSize: number | [number, number];
};
type Shape4 = [number, number, number, number];

/**
 * Gives the wasm backend the gradient kernels it lacks (Conv2DBackpropFilter and both depthwise ones) and replaces its
 * MaxPoolGrad, which drops windows whose maximum is negative. Doing it twice changes nothing.
 */
export function correctWasmKernels(): void {
  replace('Conv2DBackpropFilter', (inputs, a) => {
    const [x, dy] = [tensor(inputs['x']), tensor(inputs['dy'])];
    return conv2dFilterGradient(x, dy, a.filterShape, a.strides, a.pad, a.dimRoundingMode);
  });
  replace('DepthwiseConv2dNativeBackpropFilter', (inputs, a) => {
    const [x, dy] = [tensor(inputs['x']), tensor(inputs['dy'])];
    const info = convInfo(x.shape, a.filterShape, a);
    return tf.tensor(depthwiseFilterGradient(numbers(x), numbers(dy), info), a.filterShape);
  });
  replace('DepthwiseConv2dNativeBackpropInput', (inputs, a) => {
    const [filter, dy] = [tensor(inputs['filter']), tensor(inputs['dy'])];
    const info = convInfo(a.inputShape, filter.shape, a);
    return tf.tensor(depthwiseInputGradient(numbers(filter), numbers(dy), info), a.inputShape);
  });
  replace('MaxPoolGrad', (inputs, a) => {
    const [x, dy] = [tensor(inputs['input']), tensor(inputs['dy'])];
    const info = tf.backend_util.computePool2DInfo(x.shape, a.filterSize, a.strides, 1, a.pad, a.dimRoundingMode);
    return tf.tensor(maxPoolGradient(numbers(x), numbers(dy), info), x.shape);
  });
}

function replace(kernelName: string, make: (inputs: Inputs, attributes: Attributes) => tf.Tensor): void {
  if (tf.getKernel(kernelName, 'wasm') != null) tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    kernelName,
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) => make(inputs as Inputs, attrs as unknown as Attributes),
  });
}

const convInfo = (x: Shape4, filter: Shape4, a: Attributes): tf.backend_util.Conv2DInfo =>
  tf.backend_util.computeConv2DInfo(x, filter, a.strides, a.dilations ?? 1, a.pad, a.dimRoundingMode, true);

/** The engine hands tensors to kernels, though its types promise no more than their description. */
const tensor = (info: tf.TensorInfo | undefined): tf.Tensor4D => {
  if (!(info instanceof tf.Tensor)) throw new TypeError('a kernel was called without a tensor');
  return info as tf.Tensor4D;
};
const numbers = (t: tf.Tensor): Float32Array => t.dataSync<'float32'>();
