/** The value that this share of values is not above (nearest rank). NaN of nothing. */
export function quantile(values: readonly number[] | Float64Array, share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** A mean with its 95 % confidence interval. */
export type Estimate = { readonly mean: number; readonly low: number; readonly high: number };

/** From independent repetitions, by Student's t. With one repetition the interval is everything. */
export function estimate(values: readonly number[]): Estimate {
  const middle = mean(values);
  if (values.length < 2) return { mean: middle, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  const half = t95(values.length - 1) * Math.sqrt(variance / values.length);
  return { mean: middle, low: middle - half, high: middle + half };
}

/** Two-sided 95 % quantile of Student's t: the table's values, then an expansion that is right to three digits. */
export function t95(degrees: number): number {
  const known = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228][degrees - 1];
  if (known !== undefined) return known;
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2);
}
