import type { Graph } from '@collimator/hub/training/export/graph';
import { createGraphBuilder, type GraphBuilder, type Value } from './graph-builder.ts';

/** A network of a common form with random weights: what it computes is nothing, what it costs is real. */
export type Network = { readonly graph: Graph; readonly input: readonly number[]; readonly output: readonly number[] };

/**
 * DenseNet-121 (Huang et al. 2017, Table 1: blocks of 6, 12, 24 and 16 layers, growth 32) at 224×224, one channel in,
 * 14 labels out. 7 million weights.
 */
export function denseNet(random: () => number): Network {
  const [input, output] = [[1, 224, 224], [14]] as const;
  const b = createGraphBuilder('densenet-121-like', 2, ['batch', ...input], random);
  const growth = 32;
  const layer = (x: Value): Value => {
    const narrow = b.conv(b.relu(b.batchNorm(x)), 4 * growth, 1);
    return b.concat(x, b.conv(b.relu(b.batchNorm(narrow)), growth, 3));
  };
  let x = b.pool(b.relu(b.batchNorm(b.conv(b.input, 64, 7, 2))), 'MaxPool', 3, 2, 1);
  const blocks = [6, 12, 24, 16];
  for (const [i, layers] of blocks.entries()) {
    for (let n = 0; n < layers; n++) x = layer(x);
    if (i < blocks.length - 1) x = b.pool(b.conv(b.relu(b.batchNorm(x)), x.channels / 2, 1), 'AveragePool', 2, 2);
  }
  return { graph: b.finish(b.classifier(b.relu(b.batchNorm(x)), output[0]), ['batch', ...output]), input, output };
}

/**
 * U-Net (Ronneberger et al. 2015) at 256×256 with 32 channels at the first of its five levels, as nnU-Net begins (Isensee
 * et al. 2021); one channel out. 8 million weights.
 */
export function unet2d(random: () => number): Network {
  const size = [1, 256, 256];
  const b = createGraphBuilder('unet-2d', 2, ['batch', ...size], random);
  return { graph: b.finish(unet(b, 32, 5), ['batch', ...size]), input: size, output: size };
}

/** 3D U-Net (Çiçek et al. 2016) on windows of 64×64×64 with 8 channels at the first of its three levels, one channel out. */
export function unet3d(random: () => number): Network {
  const size = [1, 64, 64, 64];
  const b = createGraphBuilder('unet-3d', 3, ['batch', ...size], random);
  return { graph: b.finish(unet(b, 8, 3), ['batch', ...size]), input: size, output: size };
}

/** One convolution over an image of 64×64: nothing that would take time. */
export function tiny(random: () => number): Network {
  const size = [1, 64, 64];
  const b = createGraphBuilder('tiny', 2, ['batch', ...size], random);
  return { graph: b.finish(b.conv(b.input, 1, 3), ['batch', ...size]), input: size, output: size };
}

function unet(b: GraphBuilder, channels: number, levels: number): Value {
  const twice = (x: Value, to: number): Value => {
    const once = b.relu(b.batchNorm(b.conv(x, to, 3)));
    return b.relu(b.batchNorm(b.conv(once, to, 3)));
  };
  const skips: Value[] = [];
  let x = b.input;
  for (let level = 0; level < levels - 1; level++) {
    x = twice(x, channels * 2 ** level);
    skips.push(x);
    x = b.pool(x, 'MaxPool', 2, 2);
  }
  x = twice(x, channels * 2 ** (levels - 1));
  for (const skip of skips.reverse()) x = twice(b.concat(skip, b.upConv(x, skip.channels)), skip.channels);
  return b.conv(x, 1, 1);
}
