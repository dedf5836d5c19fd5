import type { PreprocessingOp } from '../contracts/release.ts';

/** What one op needs to know of the whole series before the first slice can pass it. */
export type OpState =
  | { readonly kind: 'none' }
  | { readonly kind: 'range'; readonly low: number; readonly high: number }
  | { readonly kind: 'moments'; readonly mean: number; readonly std: number };

/** Spread below which an image counts as flat: it is mapped to the middle of the target, not divided by nothing. */
export const SPREAD_MIN = 1e-12;

/** What an op does to each value by itself, and the limits that it leaves behind for a later `scale` from "clip". */
export type Pointwise = {
  readonly f: (value: number) => number;
  readonly clip?: readonly [number, number];
  /** What padding that is still marked becomes before `f`; where there is none, the lowest real value. */
  readonly fills?: number;
};

const limited = (low: number, high: number) => (value: number) => Math.min(high, Math.max(low, value));

/** Maps `from` to `to`; a flat source range gives the middle of the target. */
export function rescaled(from: readonly [number, number], to: readonly [number, number]): (value: number) => number {
  const [low, high] = from;
  if (high - low < SPREAD_MIN) return () => (to[0] + to[1]) / 2;
  const factor = (to[1] - to[0]) / (high - low);
  return (value) => to[0] + (value - low) * factor;
}

/** Maps a window to `to`, and what is outside of it to the ends. */
export function windowed(center: number, width: number, to: readonly [number, number]): (value: number) => number {
  const [low, high] = limitsOf(center, width);
  const limit = limited(low, high);
  const scale = rescaled([low, high], to);
  return (value) => scale(limit(value));
}

const limitsOf = (center: number, width: number): readonly [number, number] => [center - width / 2, center + width / 2];

/**
 * The op as a function of a value, where it is one.
 *
 * @param state of the op; one whose range or moments are of each slice has to be taken before
 * @param clip of the last op that limited values
 */
export function pointwiseOf(
  op: PreprocessingOp,
  state: OpState,
  clip: readonly [number, number],
  rescale: { readonly slope?: number | undefined; readonly intercept?: number | undefined },
): Pointwise | undefined {
  switch (op.op) {
    case 'modality-lut': {
      const { slope = 1, intercept = 0 } = rescale;
      return { f: (value) => value * slope + intercept };
    }
    case 'clip-percentiles': {
      if (state.kind !== 'range') return undefined;
      return { f: limited(state.low, state.high), clip: [state.low, state.high], fills: state.low };
    }
    case 'clip':
      return { f: limited(op.low, op.high), clip: [op.low, op.high], fills: op.low };
    case 'window': {
      const [low, high] = limitsOf(op.center, op.width);
      return { f: windowed(op.center, op.width, op.to), clip: op.to, fills: low < high ? low : 0 };
    }
    case 'scale':
      return { f: rescaled(op.from === 'clip' ? clip : op.from, op.to) };
    case 'z-score': {
      if (state.kind !== 'moments') return undefined;
      const { mean, std } = state;
      const score = std < SPREAD_MIN ? () => 0 : (value: number) => (value - mean) / std;
      return { f: op.nonzero === true ? (value) => (value === 0 ? 0 : score(value)) : score };
    }
    case 'resize':
    case 'orient':
    case 'resample':
    case 'pad-or-crop':
    case 'window-channels':
    case 'repeat-channels':
    case 'normalize':
      return undefined;
  }
}
