import type { Evaluation } from '@collimator/shared/contracts/release';
import { type Confusion, confusion, overlap, pool } from './overlap.ts';

export type MaskPair = {
  readonly predicted: Uint8Array;
  readonly truth: Uint8Array;
  readonly slices: number;
};

export type SliceScore = { readonly slice: number; readonly counts: Confusion; readonly dice: number | undefined };

type Metrics = Evaluation['metrics'];

/**
 * Scores masks pooled over all voxels and slice by slice.
 * A metric that is not defined (nothing there and nothing found) is left out of the record, and a slice without a
 * defined Dice out of the per-slice figures, whose `n` says how many were left.
 */
export function evaluateMasks(pairs: readonly MaskPair[]): {
  readonly metrics: Metrics;
  readonly slices: readonly SliceScore[];
} {
  const slices = pairs.flatMap(scoreSlices);
  const pooledCounts = pool(slices.map((slice) => slice.counts));
  const pooled = overlap(pooledCounts);
  const unit = `voxels of ${slices.length} slices, pooled`;
  const found = pooledCounts.truePositives + pooledCounts.falsePositives;
  const there = pooledCounts.truePositives + pooledCounts.falseNegatives;
  const dices = slices.flatMap((slice) => (slice.dice === undefined ? [] : [slice.dice]));
  const metrics: Metrics = {};
  const add = (name: string, value: number | undefined, n: number, unitOfAnalysis: string): void => {
    if (value !== undefined) metrics[name] = { value, n, unit_of_analysis: unitOfAnalysis };
  };
  add('dice', pooled.dice, slices.length, unit);
  add('iou', pooled.iou, slices.length, unit);
  add('sensitivity', pooled.sensitivity, slices.length, unit);
  add('precision', pooled.precision, slices.length, unit);
  add(
    'volume_ratio',
    there === 0 ? undefined : found / there,
    slices.length,
    `${unit}; predicted volume over true volume`,
  );
  if (dices.length > 0) {
    add('dice_slice_mean', dices.reduce((sum, dice) => sum + dice, 0) / dices.length, dices.length, 'slice, mean');
    add('dice_slice_min', Math.min(...dices), dices.length, 'slice, least');
  }
  return { metrics, slices };
}

function scoreSlices(pair: MaskPair): SliceScore[] {
  const size = pair.truth.length / pair.slices;
  return Array.from({ length: pair.slices }, (_, slice) => {
    const from = slice * size;
    const counts = confusion(pair.predicted.subarray(from, from + size), pair.truth.subarray(from, from + size));
    return { slice, counts, dice: overlap(counts).dice };
  });
}
