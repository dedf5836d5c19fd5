import type { Lowering } from '../draft.ts';
import type { LayerFacts } from '../model-facts.ts';
import { activation, eLU, leakyReLU, pReLU, reLU, softmax, thresholdedReLU } from './activation-layers.ts';
import { conv2D, conv2DTranspose, depthwiseConv2D } from './convolution.ts';
import { dense } from './dense.ts';
import { add, average, concatenate, maximum, minimum, multiply } from './merge.ts';
import { batchNormalization } from './normalization.ts';
import { unsupportedLayer } from './options.ts';
import { averagePooling2D, globalAveragePooling2D, globalMaxPooling2D, maxPooling2D } from './pooling.ts';
import { cropping2D, upSampling2D, zeroPadding2D } from './resampling.ts';
import { flatten, passThrough, permute, reshape } from './shape.ts';

/** tfjs class name → how it is lowered. What is not here is refused by name. */
const lowerings: Readonly<Record<string, Lowering>> = {
  Activation: activation,
  Add: add,
  AlphaDropout: passThrough,
  Average: average,
  AveragePooling2D: averagePooling2D,
  BatchNormalization: batchNormalization,
  Concatenate: concatenate,
  Conv2D: conv2D,
  Conv2DTranspose: conv2DTranspose,
  Cropping2D: cropping2D,
  Dense: dense,
  DepthwiseConv2D: depthwiseConv2D,
  Dropout: passThrough,
  ELU: eLU,
  Flatten: flatten,
  GaussianDropout: passThrough,
  GaussianNoise: passThrough,
  GlobalAveragePooling2D: globalAveragePooling2D,
  GlobalMaxPooling2D: globalMaxPooling2D,
  LeakyReLU: leakyReLU,
  MaxPooling2D: maxPooling2D,
  Maximum: maximum,
  Minimum: minimum,
  Multiply: multiply,
  PReLU: pReLU,
  Permute: permute,
  ReLU: reLU,
  Reshape: reshape,
  Softmax: softmax,
  ThresholdedReLU: thresholdedReLU,
  UpSampling2D: upSampling2D,
  ZeroPadding2D: zeroPadding2D,
};

/** The class names that can be exported, sorted. */
export const supportedLayers: readonly string[] = Object.keys(lowerings);

/** The lowering of a layer's class. Throws export-unsupported-layer. */
export function loweringOf(layer: LayerFacts): Lowering {
  const lowering = Object.hasOwn(lowerings, layer.className) ? lowerings[layer.className] : undefined;
  if (lowering === undefined) throw unsupportedLayer(layer);
  return lowering;
}
