import type { ReleaseDraft } from '@collimator/shared/contracts/release';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import type { Dataset } from '../dataset/load-dataset.ts';
import type { Split } from '../dataset/split.ts';

export type CardFacts = {
  readonly draft: ReleaseDraft;
  readonly spec: RunSpec;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly parameters: number;
  readonly steps: number;
  readonly bestStep: number;
};

/** What the evaluation is worth, from the number of people behind it. */
export function evaluationNote(subjects: number, spec: RunSpec): string {
  const [first, end] = spec.split.test.slices;
  const block = `a held-out block of slices, ${first}-${end - 1}`;
  return subjects === 1
    ? `one subject; ${block}: it proves the loop, not the model`
    : `${subjects} subjects, each split by slices; ${block}: people in training and test are the same`;
}

export const subjectsOf = (dataset: Dataset): number => new Set(dataset.items.map((item) => item.subject)).size;

/** The model card, `CARD.md`. */
export function modelCard({ draft, spec, dataset, split, parameters, steps, bestStep }: CardFacts): string {
  const rows = Object.entries(draft.evaluation.metrics).map(
    ([name, metric]) => `| ${name} | ${metric.value.toFixed(4)} | ${metric.n} | ${metric.unit_of_analysis} |`,
  );
  return `# ${draft.title}, ${draft.name} ${draft.version}

${draft.intended_use}${draft.research_use_only ? ' **For research use only.**' : ''}

## What it is worth
Evaluated on ${draft.evaluation.note}. Figures from slices of a person who was also trained on say nothing about
other people, scanners or sequences.

| metric | value | n | unit of analysis |
|---|---|---|---|
${rows.join('\n')}

Masks were made at the source's resolution by the postprocessing that release.json declares, applied to the block as a
series of its own. The intensity range is that of the whole series, as on a device. The test block was looked at once,
after training.

## How it was made
- Network: ${spec.network.name}, channels ${spec.network.channels.join('-')}, ${parameters} parameters
- Data: ${dataset.file.title} (${dataset.file.name}@${dataset.file.version}, ${dataset.digest}), ${subjectsOf(dataset)} subject(s); ${split.train.length} slices to train on, ${split.validation.length} to stop by, ${split.test.length} to test
- Training: ${steps} steps of ${spec.batch} slices, ${spec.loss.name} loss, ${spec.optimizer.name} at ${spec.optimizer.learning_rate}; the weights are those of step ${bestStep}, the best on the validation block
- Engine: ${draft.provenance.engine}, seed ${draft.provenance.seed}, run ${draft.provenance.run}, code ${draft.provenance.code}

## What travels with it
The golden cases in \`golden/\` hold a few slices of the dataset, under its licence (LICENSE-MODEL.txt). They are
taken from whatever block, the test block included: they test arithmetic, not accuracy.
`;
}

/** `LICENSE-MODEL.txt`: the terms of the data that the release carries and was made from. */
export const modelLicence = (dataset: Dataset): string =>
  `This model was trained on ${dataset.file.title} (${dataset.file.name}@${dataset.file.version}), and its golden cases
hold slices of it. That data is under ${dataset.file.licence.spdx}:

${dataset.licenceText}`;
