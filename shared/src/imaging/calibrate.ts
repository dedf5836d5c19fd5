import type { Aggregation, Calibration } from '../contracts/release.ts';

const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * Probabilities of the classes from a model's scores. A calibration is applied to a score before the activation; with
 * `none` the scores are probabilities already, and are calibrated as their logits are.
 */
export function probabilitiesOf(
  scores: ArrayLike<number>,
  activation: 'none' | 'sigmoid' | 'softmax',
  calibrations: readonly (Calibration | undefined)[],
): readonly number[] {
  const logits = Array.from(scores, (score, i) => {
    const calibration = calibrations[i];
    if (activation !== 'none') return calibrated(score, calibration);
    return calibration === undefined ? score : sigmoid(calibrated(logitOf(score), calibration));
  });
  if (activation === 'none') return logits;
  if (activation === 'sigmoid') return logits.map(sigmoid);
  const most = Math.max(...logits);
  const shares = logits.map((logit) => Math.exp(logit - most));
  const sum = shares.reduce((total, share) => total + share, 0);
  return shares.map((share) => share / sum);
}

function calibrated(score: number, calibration: Calibration | undefined): number {
  if (calibration === undefined) return score;
  return calibration.method === 'temperature' ? score / calibration.temperature : calibration.a * score + calibration.b;
}

/** Probabilities of 0 and 1 have no finite logit. */
const PROBABILITY_MIN = 1e-7;
function logitOf(probability: number): number {
  const inside = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, probability));
  return Math.log(inside / (1 - inside));
}

/** One value of many; 0 of none. */
export function aggregate(values: readonly number[], aggregation: Aggregation): number {
  if (values.length === 0) return 0;
  if (aggregation.method === 'max') return Math.max(...values);
  const sorted =
    aggregation.method === 'top-mean' ? values.toSorted((a, b) => b - a).slice(0, aggregation.top) : values;
  return sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
}
