import type { ClassificationStage } from '@collimator/shared/contracts/release';
import { aggregate, probabilitiesOf } from '@collimator/shared/imaging/calibrate';
import type { Stated } from '../../../../result/report/qualitative-evaluations.ts';
import { reportClasses } from '../../../../result/report/report-document.ts';
import { indeterminate, valueConcepts } from '../../../../result/report/value-concepts.ts';
import type { ValueGroup } from '../../../../result/report/value-group.ts';
import { buildValueReport } from '../../../../result/report/value-report.ts';
import type { InferredOutcome } from '../../../protocol.ts';
import { aggregationDefault } from '../tasks/scores.ts';
import { putKeyImages } from './drawn-images.ts';
import { identity, type Made, putStatus, type ResultInput, type ResultWriter } from './result-writer.ts';

/** What is said of a class: present from one probability on, absent below another, nothing between the two. */
export type Verdict = 'present' | 'absent' | 'undecided';

export type Classified = {
  /** Of each class, in their order. */
  readonly probabilities: readonly number[];
  readonly verdicts: readonly Verdict[];
  /** Of each item, of each class. */
  readonly items: readonly (readonly number[])[];
};

type Label = ClassificationStage['labels'][number];

export const verdictOf = ({ absent_below, present_from }: Label, probability: number): Verdict => {
  if (probability >= present_from) return 'present';
  return probability < absent_below ? 'absent' : 'undecided';
};

/** Calibrated probabilities of a series from what the model gave for its items. */
export function classify(stage: ClassificationStage, scores: readonly Float32Array[]): Classified {
  const calibrations = stage.labels.map(({ calibration }) => calibration);
  const items = scores.map((one) => probabilitiesOf(one, stage.activation, calibrations));
  const probabilities = stage.labels.map((_, i) =>
    aggregate(
      items.map((item) => item[i] as number),
      stage.aggregation ?? aggregationDefault,
    ),
  );
  const verdicts = stage.labels.map((label, i) => verdictOf(label, probabilities[i] as number));
  return { probabilities, verdicts, items };
}

/** Nothing is found where all is absent; where nothing is decided, the model abstains. */
export function classifiedOutcome({ verdicts }: Classified): InferredOutcome {
  if (verdicts.every((verdict) => verdict === 'undecided')) return 'abstained';
  return verdicts.every((verdict) => verdict === 'absent') ? 'no-finding' : 'measured';
}

/** A report of what is present and what is not, and key images of where it shows most. */
export async function putClassification(
  input: ResultInput,
  stage: ClassificationStage,
  classified: Classified,
  /** The slices of the volume that the items are, in their order; none where the model takes the volume at once. */
  slices: readonly number[],
  writer: ResultWriter,
): Promise<Made> {
  const { job, context, images } = input;
  const outcome = classifiedOutcome(classified);
  const stated = statedOf(stage, classified);
  const made = { outcome, maskVoxels: 0, volume_mL: 0 };
  if (outcome !== 'measured') {
    const reason =
      outcome === 'abstained'
        ? 'Every probability lies between what counts as present and what counts as absent'
        : 'The algorithm ran and found nothing of what it looks for';
    await putStatus(input, { outcome, reason, stated: outcome === 'abstained' ? [] : stated }, writer);
    return made;
  }
  const most = mostPresent(classified, slices, job.style.keyImages.most);
  if (job.objects.includes('SR')) {
    const { uids, style, predecessors = [] } = job;
    const groups = stage.labels.flatMap((label, i) =>
      label.report_probability ? [groupOf(label, classified.probabilities[i] as number, input)] : [],
    );
    const report = { ...context, uids, predecessors, sources: images.slices, groups, stated, kind: style.report };
    await writer.put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), buildValueReport(report));
  }
  if (job.objects.includes('SC')) await putKeyImages(input, most, [], writer);
  return made;
}

const statedOf = ({ labels }: ClassificationStage, { verdicts }: Classified): readonly Stated[] =>
  labels.map(({ concept, present, absent }, i) => ({
    concept,
    value: verdicts[i] === 'present' ? present : verdicts[i] === 'absent' ? absent : indeterminate,
  }));

const groupOf = (label: Label, probability: number, { images }: ResultInput): ValueGroup => ({
  ...{ label: label.label, key: `class ${label.label}`, finding: label.concept, images: images.slices },
  ...(label.anatomy !== undefined && { anatomy: label.anatomy }),
  values: [{ ...valueConcepts.probability, value: probability }],
});

/** The slices on which a present class is most probable, in the order of the volume. */
function mostPresent({ verdicts, items }: Classified, slices: readonly number[], most: number): readonly number[] {
  if (slices.length !== items.length) return [];
  const probable = slices.map((slice, item) => ({
    slice,
    probability: Math.max(0, ...verdicts.map((verdict, i) => (verdict === 'present' ? (items[item]?.[i] ?? 0) : 0))),
  }));
  return probable
    .sort((a, b) => b.probability - a.probability || a.slice - b.slice)
    .slice(0, most)
    .map(({ slice }) => slice)
    .sort((a, b) => a - b);
}
