/** Voxel counts of a prediction against the truth. */
export type Confusion = {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
};

/** Overlap metrics in 0..1; undefined where the quotient has nothing to divide by. */
export type Overlap = {
  readonly dice: number | undefined;
  readonly iou: number | undefined;
  readonly sensitivity: number | undefined;
  readonly precision: number | undefined;
};

export const noVoxels: Confusion = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 };

/** Counts two masks of the same length against each other; anything but 0 is foreground. */
export function confusion(predicted: Uint8Array, truth: Uint8Array): Confusion {
  if (predicted.length !== truth.length) throw new RangeError('the masks have different sizes');
  let [truePositives, falsePositives, falseNegatives] = [0, 0, 0];
  for (let i = 0; i < predicted.length; i++) {
    if (predicted[i] !== 0) {
      if (truth[i] !== 0) truePositives++;
      else falsePositives++;
    } else if (truth[i] !== 0) falseNegatives++;
  }
  const trueNegatives = predicted.length - truePositives - falsePositives - falseNegatives;
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}

/** Pools counts: the metrics of the sum are those of all voxels taken together. */
export const pool = (parts: readonly Confusion[]): Confusion =>
  parts.reduce(
    (sum, part) => ({
      truePositives: sum.truePositives + part.truePositives,
      falsePositives: sum.falsePositives + part.falsePositives,
      falseNegatives: sum.falseNegatives + part.falseNegatives,
      trueNegatives: sum.trueNegatives + part.trueNegatives,
    }),
    noVoxels,
  );

const quotient = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

/** Dice = 2TP/(2TP+FP+FN), IoU = TP/(TP+FP+FN), sensitivity = TP/(TP+FN), precision = TP/(TP+FP). */
export function overlap({ truePositives: tp, falsePositives: fp, falseNegatives: fn }: Confusion): Overlap {
  return {
    dice: quotient(2 * tp, 2 * tp + fp + fn),
    iou: quotient(tp, tp + fp + fn),
    sensitivity: quotient(tp, tp + fn),
    precision: quotient(tp, tp + fp),
  };
}
