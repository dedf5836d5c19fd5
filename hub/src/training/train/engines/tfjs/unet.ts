import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { SampleSize } from '../../augment.ts';
import type { Random } from '../../random.ts';

/** Runs are tens of steps long: the moving statistics must follow within a few. */
const BATCH_NORM_MOMENTUM = 0.8;
const BATCH_NORM_EPSILON = 1e-3;

/**
 * A U-Net for one-channel slices, NHWC: a 3×3 convolution per level, strided ones on the way down, up-sampling and
 * concatenation with the level's own features on the way up, and a 1×1 convolution to one logit a pixel.
 * Only layers with a plain ONNX form are used. Kernels are drawn by He's rule from `random`.
 * Every side of `size` must be divisible by 2 to the power of (levels - 1).
 */
export function buildUnet(network: RunSpec['network'], size: SampleSize, random: Random): layers.LayersModel {
  const input = layers.input({ shape: [size.rows, size.columns, 1], name: 'image' });
  const [first, ...deeper] = network.channels as [number, ...number[]];
  let x = block(input, 'enc0', first, 1, network.norm);
  const skips: layers.SymbolicTensor[] = [];
  for (const [i, channels] of deeper.entries()) {
    skips.push(x);
    x = block(x, `enc${i + 1}`, channels, 2, network.norm);
  }
  for (let level = deeper.length - 1; level >= 0; level--) {
    const up = layers.layers.upSampling2d({ size: [2, 2], interpolation: network.up, name: `up${level}` });
    const join = layers.layers.concatenate({ axis: -1, name: `join${level}` });
    x = join.apply([
      up.apply(x) as layers.SymbolicTensor,
      skips[level] as layers.SymbolicTensor,
    ]) as layers.SymbolicTensor;
    x = block(x, `dec${level}`, network.channels[level] as number, 1, network.norm);
  }
  const head = layers.layers.conv2d({ filters: 1, kernelSize: 1, kernelInitializer: 'zeros', name: 'logits' });
  const model = layers.model({ inputs: input, outputs: head.apply(x) as layers.SymbolicTensor, name: 'unet' });
  initialise(model, random);
  return model;
}

function block(
  x: layers.SymbolicTensor,
  name: string,
  filters: number,
  strides: number,
  norm: RunSpec['network']['norm'],
): layers.SymbolicTensor {
  const conv = layers.layers.conv2d({
    filters,
    kernelSize: 3,
    strides,
    padding: 'same',
    useBias: norm === 'none',
    kernelInitializer: 'zeros',
    name: `${name}_conv`,
  });
  let y = conv.apply(x) as layers.SymbolicTensor;
  if (norm === 'batch') {
    const options = { momentum: BATCH_NORM_MOMENTUM, epsilon: BATCH_NORM_EPSILON, name: `${name}_norm` };
    y = layers.layers.batchNormalization(options).apply(y) as layers.SymbolicTensor;
  }
  return layers.layers.activation({ activation: 'relu', name: `${name}_relu` }).apply(y) as layers.SymbolicTensor;
}

/** He normal: standard deviation √(2 / fan-in); biases, scales and shifts keep their constant start. */
function initialise(model: layers.LayersModel, random: Random): void {
  for (const layer of model.layers) {
    if (layer.getClassName() !== 'Conv2D') continue;
    const stream = random.stream(layer.name);
    const [kernel, ...rest] = layer.getWeights() as [tf.Tensor, ...tf.Tensor[]];
    const [height, width, inputs] = kernel.shape as [number, number, number, number];
    const deviation = Math.sqrt(2 / (height * width * inputs));
    const values = Float32Array.from({ length: kernel.size }, () => stream.normal() * deviation);
    const drawn = tf.tensor(values, kernel.shape);
    layer.setWeights([drawn, ...rest]);
    drawn.dispose();
  }
}
