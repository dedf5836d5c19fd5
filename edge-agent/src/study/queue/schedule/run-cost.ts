/** What a run of `items` items takes: `fixed_ms + perItem_ms × items`. */
export type RunCost = { readonly fixed_ms: number; readonly perItem_ms: number };

/** A cost as it was learned, with how sure it is: variances and covariance of its two figures. */
export type LearnedCost = RunCost & {
  readonly fixedVariance: number;
  readonly perItemVariance: number;
  readonly covariance: number;
  /** Runs that taught it. */
  readonly readings: number;
  /** Items of a usual run, for comparing devices. */
  readonly usualItems: number;
};

export type LearningPolicy = {
  /** Standard deviation of a run's time around its cost, relative. */
  readonly noise: number;
  /** How far each figure is thought to move from run to run, relative: old readings are forgotten by this. */
  readonly drift: number;
  /** How wrong each figure of a first guess is thought to be, relative; no figure is ever less sure. */
  readonly unsure: number;
  /** Runs after which a cost is trusted enough to call a run an outlier. */
  readonly settledAfter: number;
  /** A relative error beyond this counts as this, once the cost is settled. */
  readonly errorMax: number;
};

export const defaultLearning: LearningPolicy = { noise: 0.15, drift: 0.04, unsure: 1, settledAfter: 3, errorMax: 0.5 };

const perItemMin_ms = 1e-3;
const runMin_ms = 1e-2;

export const costOf = ({ fixed_ms, perItem_ms }: RunCost, items: number): number => fixed_ms + perItem_ms * items;

export const scaled = (cost: LearnedCost, factor: number): LearnedCost => ({
  ...cost,
  fixed_ms: cost.fixed_ms * factor,
  perItem_ms: cost.perItem_ms * factor,
  fixedVariance: cost.fixedVariance * factor * factor,
  perItemVariance: cost.perItemVariance * factor * factor,
  covariance: cost.covariance * factor * factor,
});

/** A guess from which learning starts. */
export const guessed = ({ fixed_ms, perItem_ms }: RunCost, { unsure }: LearningPolicy): LearnedCost => ({
  fixed_ms,
  perItem_ms,
  fixedVariance: square(unsure * Math.max(fixed_ms, perItem_ms)),
  perItemVariance: square(unsure * perItem_ms),
  covariance: 0,
  readings: 0,
  usualItems: 1,
});

/**
 * A cost after one more run. Least squares on relative errors, one reading at a time, with both figures free to
 * wander (a Kalman filter over a random walk): where all runs have the same size, their sum is followed and how it
 * divides stays what it was.
 */
export function learned(cost: LearnedCost, items: number, took_ms: number, policy: LearningPolicy): LearnedCost {
  const expected_ms = Math.max(runMin_ms, costOf(cost, items));
  const error = Math.max(runMin_ms, took_ms) / expected_ms - 1;
  const counted =
    cost.readings < policy.settledAfter ? error : Math.min(policy.errorMax, Math.max(-policy.errorMax, error));

  const floor = guessed(cost, policy);
  const [a, b, c] = wandered(cost, floor, policy.drift);
  // Of the relative time to the figures.
  const [x, y] = [1 / expected_ms, items / expected_ms];
  const [toFixed, toPerItem] = [a * x + c * y, c * x + b * y];
  const certainty = square(policy.noise) + x * toFixed + y * toPerItem;
  const [gainFixed, gainPerItem] = [toFixed / certainty, toPerItem / certainty];
  return {
    fixed_ms: Math.max(0, cost.fixed_ms + gainFixed * counted),
    perItem_ms: Math.max(perItemMin_ms, cost.perItem_ms + gainPerItem * counted),
    fixedVariance: a - gainFixed * toFixed,
    perItemVariance: b - gainPerItem * toPerItem,
    covariance: c - gainFixed * toPerItem,
    readings: cost.readings + 1,
    usualItems: cost.readings === 0 ? items : cost.usualItems + (items - cost.usualItems) / 8,
  };
}

/** Variances after a step of drift, never beyond those of a guess; the covariance shrinks with them, so they stay ones. */
function wandered(cost: LearnedCost, guess: LearnedCost, drift: number): [number, number, number] {
  const fixed = cost.fixedVariance + square(drift * Math.max(cost.fixed_ms, cost.perItem_ms));
  const perItem = cost.perItemVariance + square(drift * cost.perItem_ms);
  const keepFixed = Math.min(1, guess.fixedVariance / fixed);
  const keepPerItem = Math.min(1, guess.perItemVariance / perItem);
  return [fixed * keepFixed, perItem * keepPerItem, cost.covariance * Math.sqrt(keepFixed * keepPerItem)];
}

const square = (value: number): number => value * value;
