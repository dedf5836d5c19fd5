import * as tf from '@tensorflow/tfjs-core';

/**
 * Gradient of a 2-D convolution with respect to its filter, made of a convolution:
 * with x transposed to [C_in, H, W, N] and dy to [H_out, W_out, N, C_out], dW = conv2d(xᵀ, dyᵀ), the strides of the
 * forward pass becoming dilations. Rows and columns of x that no output saw give extra results, which are cut off.
 */
export function conv2dFilterGradient(
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  filterShape: [number, number, number, number],
  strides: number | [number, number],
  pad: Parameters<typeof tf.backend_util.computeConv2DInfo>[4],
  dimRoundingMode?: 'floor' | 'round' | 'ceil',
): tf.Tensor4D {
  const info = tf.backend_util.computeConv2DInfo(x.shape, filterShape, strides, 1, pad, dimRoundingMode);
  const { top, bottom, left, right } = info.padInfo;
  const [height, width, inputs, outputs] = filterShape;
  return tf.tidy(() => {
    const padded =
      top + bottom + left + right === 0
        ? x
        : tf.pad(x, [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ]);
    const images: tf.Tensor4D = tf.transpose(padded, [3, 1, 2, 0]);
    const gradients: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3]);
    const all = tf.conv2d(images, gradients, 1, 'valid', 'NHWC', [info.strideHeight, info.strideWidth]);
    const kept = tf.slice(all, [0, 0, 0, 0], [inputs, height, width, outputs]);
    return tf.transpose(kept, [1, 2, 0, 3]);
  });
}
