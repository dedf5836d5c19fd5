import { type Attributes, ints, text } from '../graph.ts';

/** One spatial axis of a sliding window. Sizes in pixels; `size` is null when only known at run time. */
export type Window = {
  readonly size: number | null;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
};

/**
 * Padding of one axis as tfjs applies SAME: the output has ceil(size / stride) positions and the odd pixel goes to the
 * end. Null when the size must be known and is not.
 */
export function samePads(window: Window): readonly [begin: number, end: number] | null {
  const reach = (window.kernel - 1) * window.dilation + 1;
  if (window.size === null && window.stride !== 1) return null;
  const size = window.size ?? 0;
  const steps = window.size === null ? -1 : Math.ceil(size / window.stride) - 1;
  const total = window.size === null ? reach - 1 : Math.max(0, steps * window.stride + reach - size);
  const begin = Math.floor(total / 2);
  return [begin, total - begin];
}

/** The padding attributes of Conv, MaxPool and AveragePool: explicit pads, or SAME_UPPER where the size is unknown. */
export function windowPadding(padding: 'same' | 'valid', windows: readonly [Window, Window]): Attributes {
  if (padding === 'valid') return { pads: ints([0, 0, 0, 0]) };
  const height = samePads(windows[0]);
  const width = samePads(windows[1]);
  if (height === null || width === null) return { auto_pad: text('SAME_UPPER') };
  return { pads: ints([height[0], width[0], height[1], width[1]]) };
}
