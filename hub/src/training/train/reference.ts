import type { SpacingMm } from '@collimator/shared/imaging/measure';
import { volumeMl } from '@collimator/shared/imaging/measure';

/** Counts between fixed, equally wide edges: two histograms of the same edges are merged by adding. */
export type Histogram = {
  readonly low: number;
  readonly high: number;
  readonly counts: readonly number[];
  readonly below: number;
  readonly above: number;
};

/** `reference.json`: what inputs and outputs looked like on the training block, for drift to be measured against. */
export type Reference = {
  readonly schema: 'collimator.reference/1';
  readonly studies: number;
  readonly slices: number;
  /** The model's input values, after preprocessing. */
  readonly input_values: Histogram;
  /** Mean input value of each slice. */
  readonly input_slice_mean: Histogram;
  /** Foreground share of each slice's mask. */
  readonly foreground_fraction: Histogram;
  /** Predicted volume of each series' block, mL. */
  readonly volumes_ml: readonly number[];
};

const INPUT_BINS = 64;
const FRACTION_BINS = 40;
/** Inputs are scaled to about -0.5..0.5; z-scored ones reach a few units. */
const INPUT_LIMIT = 4;

export function histogram(values: Iterable<number>, low: number, high: number, bins: number): Histogram {
  const counts = Array.from({ length: bins }, () => 0);
  let [below, above] = [0, 0];
  for (const value of values) {
    if (value < low) below++;
    else if (value > high) above++;
    else {
      const bin = Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins));
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
  return { low, high, counts, below, above };
}

export type ReferencePart = {
  /** [slices, pixels] */
  readonly inputs: Float32Array;
  /** [slices, rows, columns] at the source's resolution */
  readonly mask: Uint8Array;
  readonly slices: number;
  readonly spacing: SpacingMm;
};

/** @param inputRange the range inputs are scaled to, where preprocessing declares one */
export function makeReference(
  parts: readonly ReferencePart[],
  inputRange: readonly [number, number] | undefined,
): Reference {
  const [low, high] = inputRange ?? [-INPUT_LIMIT, INPUT_LIMIT];
  const means = parts.flatMap((part) => perSlice(part.inputs, part.slices, (values) => sum(values) / values.length));
  const fractions = parts.flatMap((part) => perSlice(part.mask, part.slices, (values) => sum(values) / values.length));
  return {
    schema: 'collimator.reference/1',
    studies: parts.length,
    slices: parts.reduce((total, part) => total + part.slices, 0),
    input_values: histogram(chained(parts.map((part) => part.inputs)), low, high, INPUT_BINS),
    input_slice_mean: histogram(means, low, high, INPUT_BINS),
    foreground_fraction: histogram(fractions, 0, 1, FRACTION_BINS),
    volumes_ml: parts.map((part) => volumeMl(sum(part.mask), part.spacing)),
  };
}

const sum = (values: Float32Array | Uint8Array): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

function perSlice<T extends Float32Array | Uint8Array>(values: T, slices: number, f: (slice: T) => number): number[] {
  const size = values.length / slices;
  return Array.from({ length: slices }, (_, i) => f(values.subarray(i * size, (i + 1) * size) as T));
}

function* chained(parts: readonly Float32Array[]): Generator<number> {
  for (const part of parts) yield* part;
}
