import type { backend_util } from '@tensorflow/tfjs-core';

type Info = backend_util.Conv2DInfo;

/** Calls `visit` with the offsets in x, filter and dy of every product of a depthwise convolution, NHWC. */
function forEachProduct(info: Info, visit: (x: number, filter: number, dy: number) => void): void {
  const multiplier = info.outChannels / info.inChannels;
  for (let n = 0; n < info.batchSize; n++)
    for (let oy = 0; oy < info.outHeight; oy++)
      for (let ox = 0; ox < info.outWidth; ox++)
        for (let fy = 0; fy < info.filterHeight; fy++) {
          const iy = oy * info.strideHeight - info.padInfo.top + fy * info.dilationHeight;
          if (iy < 0 || iy >= info.inHeight) continue;
          for (let fx = 0; fx < info.filterWidth; fx++) {
            const ix = ox * info.strideWidth - info.padInfo.left + fx * info.dilationWidth;
            if (ix < 0 || ix >= info.inWidth) continue;
            const x = ((n * info.inHeight + iy) * info.inWidth + ix) * info.inChannels;
            const filter = (fy * info.filterWidth + fx) * info.outChannels;
            const dy = ((n * info.outHeight + oy) * info.outWidth + ox) * info.outChannels;
            for (let c = 0; c < info.outChannels; c++) visit(x + Math.floor(c / multiplier), filter + c, dy + c);
          }
        }
}

/** Gradient of a depthwise convolution with respect to its filter [height, width, inputs, multiplier]. */
export function depthwiseFilterGradient(x: Float32Array, dy: Float32Array, info: Info): Float32Array {
  const sums = new Float64Array(info.filterHeight * info.filterWidth * info.outChannels);
  forEachProduct(info, (atX, atFilter, atDy) => {
    sums[atFilter] = (sums[atFilter] as number) + (x[atX] as number) * (dy[atDy] as number);
  });
  return Float32Array.from(sums);
}

/** Gradient of a depthwise convolution with respect to its input. */
export function depthwiseInputGradient(filter: Float32Array, dy: Float32Array, info: Info): Float32Array {
  const dx = new Float32Array(info.batchSize * info.inHeight * info.inWidth * info.inChannels);
  forEachProduct(info, (atX, atFilter, atDy) => {
    dx[atX] = (dx[atX] as number) + (filter[atFilter] as number) * (dy[atDy] as number);
  });
  return dx;
}
