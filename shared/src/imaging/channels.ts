import type { PreprocessingOp } from '../contracts/release.ts';
import { opsProblem } from './check-ops.ts';
import { windowed } from './pointwise.ts';

type ChannelOp = Extract<PreprocessingOp, { op: 'window-channels' | 'repeat-channels' | 'normalize' }>;

/** Values of one channel after the other. */
export type Channels = { readonly values: Float32Array; readonly channels: number };

/** Applies an op that makes channels or treats each of them in its own way. */
export function applyChannelOp({ values, channels }: Channels, op: ChannelOp): Channels {
  const size = values.length / channels;
  switch (op.op) {
    case 'repeat-channels': {
      const out = new Float32Array(size * op.times);
      for (let channel = 0; channel < op.times; channel++) out.set(values, channel * size);
      return { values: out, channels: op.times };
    }
    case 'window-channels': {
      const out = new Float32Array(size * op.windows.length);
      for (const [channel, { center, width }] of op.windows.entries()) {
        const f = windowed(center, width, op.to);
        const base = channel * size;
        for (let i = 0; i < size; i++) out[base + i] = f(values[i] as number);
      }
      return { values: out, channels: op.windows.length };
    }
    case 'normalize': {
      if (op.mean.length !== channels) throw opsProblem(`normalize: ${op.mean.length} means for ${channels} channels`);
      for (let channel = 0; channel < channels; channel++) {
        const mean = op.mean[channel] as number;
        // Many times as fast as a division for each value; the trainer has the same.
        const factor = 1 / (op.std[channel] as number);
        const part = values.subarray(channel * size, (channel + 1) * size);
        for (let i = 0; i < part.length; i++) part[i] = ((part[i] as number) - mean) * factor;
      }
      return { values, channels };
    }
  }
}
