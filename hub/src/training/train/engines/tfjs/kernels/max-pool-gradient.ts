import type { backend_util } from '@tensorflow/tfjs-core';

/** Gradient of 2-D max pooling, NHWC: each output's gradient goes to the first input that holds its window's maximum. */
export function maxPoolGradient(x: Float32Array, dy: Float32Array, info: backend_util.Conv2DInfo): Float32Array {
  const dx = new Float32Array(x.length);
  const channels = info.inChannels;
  for (let n = 0; n < info.batchSize; n++)
    for (let oy = 0; oy < info.outHeight; oy++)
      for (let ox = 0; ox < info.outWidth; ox++)
        for (let c = 0; c < channels; c++) {
          let best = -1;
          for (let fy = 0; fy < info.filterHeight; fy++) {
            const iy = oy * info.strideHeight - info.padInfo.top + fy * info.dilationHeight;
            if (iy < 0 || iy >= info.inHeight) continue;
            for (let fx = 0; fx < info.filterWidth; fx++) {
              const ix = ox * info.strideWidth - info.padInfo.left + fx * info.dilationWidth;
              if (ix < 0 || ix >= info.inWidth) continue;
              const at = ((n * info.inHeight + iy) * info.inWidth + ix) * channels + c;
              if (best < 0 || (x[at] as number) > (x[best] as number)) best = at;
            }
          }
          const from = ((n * info.outHeight + oy) * info.outWidth + ox) * channels + c;
          if (best >= 0) dx[best] = (dx[best] as number) + (dy[from] as number);
        }
  return dx;
}
