import { isSegmentation, type ReleaseDeclaration, type Stage, type Tensor, taskOf } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';
import { preprocessingProblems } from './check-ops.ts';
import { splitOps } from './slice-mask.ts';

/**
 * What of a pipeline cannot work although each part of it fits the schema: ops in a wrong order, channels that are not
 * what is declared of them, stages that do not follow each other. Empty for one that can.
 */
export function pipelineProblems({ task, stages }: Pick<ReleaseDeclaration, 'task' | 'stages'>): readonly string[] {
  const problems = stages.flatMap((stage, i) => {
    const last = i === stages.length - 1;
    return [
      ...preprocessingProblems(stage.preprocessing, stage.unit),
      ...(last ? [] : selectionProblems(stage)),
      ...outputProblems(stage),
      ...unitProblems(stage),
    ].map((problem) => `stages[${i}].${problem}`);
  });
  const end = stages.at(-1);
  if (end !== undefined && taskOf(end) !== task)
    problems.push(`task: the last stage is one of ${taskOf(end)}, not of ${task}`);
  return problems;
}

function selectionProblems(stage: Stage): readonly string[] {
  if (taskOf(stage) === 'detection' || taskOf(stage) === 'regression')
    return [`task: a stage of ${taskOf(stage)} can only be the last`];
  if (!('selection' in stage) || stage.selection === undefined)
    return ['selection: a stage that is not the last says what the next one works on'];
  const { selection } = stage;
  if ('segment' in selection)
    return isSegmentation(stage) && stage.segments.some(({ number }) => number === selection.segment)
      ? []
      : [`selection.segment: ${selection.segment} is not declared`];
  if (stage.unit !== 'slice') return ['selection: only a stage of unit slice selects slices by a class'];
  return stage.task === 'classification' && stage.labels.some(({ label }) => label === selection.label)
    ? []
    : [`selection.label: ${selection.label} is not declared`];
}

function unitProblems(stage: Stage): readonly string[] {
  const volumes = stage.inputs[0]?.layout === 'NCDHW' || stage.inputs[0]?.layout === 'NDHWC';
  if (stage.inputs.length !== 1) return ['inputs: a stage takes one input'];
  if (stage.unit === 'volume' && taskOf(stage) === 'detection') return ['unit: boxes are found on slices'];
  if (volumes !== (stage.unit === 'volume')) return ['inputs[0].layout: does not fit the unit'];
  return [];
}

const channelsOf = ({ layout, shape }: Tensor): number => {
  const last = layout === 'NHWC' || layout === 'NDHWC' || layout === 'NLC';
  const channels = last ? shape.at(-1) : shape[1];
  return typeof channels === 'number' ? channels : 0;
};

function outputProblems(stage: Stage): readonly string[] {
  const [output] = stage.outputs as [Tensor];
  const expects = (what: string, channels: number, tensor: Tensor = output): readonly string[] =>
    channelsOf(tensor) === channels ? [] : [`outputs: ${channelsOf(tensor)} channels for ${channels} ${what}`];
  if (isSegmentation(stage)) return segmentationProblems(stage, expects);
  if (stage.task === 'classification') {
    const inverted = stage.labels.filter(({ absent_below, present_from }) => absent_below > present_from);
    return [
      ...expects('labels', stage.labels.length),
      ...inverted.map(({ label }) => `labels: ${label} is absent below more than it is present from`),
    ];
  }
  if (stage.task === 'regression') return expects('values', stage.values.length);
  const { boxes, scores } = stage.detections;
  const named = (name: string): Tensor | undefined => stage.outputs.find((one) => one.name === name);
  const [corners, values] = [named(boxes), named(scores)];
  if (corners?.layout !== 'NLC' || values?.layout !== 'NLC')
    return [`detections: ${boxes} and ${scores} are not both outputs of layout NLC`];
  const classes = stage.classes.length + (stage.activation === 'softmax' ? 1 : 0);
  return [
    ...expects('numbers of a box', 4, corners),
    ...expects('classes', classes, values),
    ...(corners.shape[1] === values.shape[1] ? [] : ['detections: not as many boxes as scores']),
  ];
}

function segmentationProblems(
  stage: Stage & { readonly segments: readonly unknown[] },
  expects: (what: string, channels: number) => readonly string[],
): readonly string[] {
  if (!isSegmentation(stage)) return [];
  if (stage.outputs.length !== 1) return ['outputs: a stage of segmentation has one output'];
  try {
    const { before, cut } = splitOps(stage.postprocessing);
    const resizes = before.some(({ op }) => op === 'resize-to-source');
    const listed = stage.segments.map(({ number }) => number);
    const strange = stage.measurements.filter(({ segment }) => !listed.includes(segment));
    return [
      ...(stage.unit === 'volume' && !resizes ? ['postprocessing: a volume needs resize-to-source'] : []),
      ...strange.map(({ segment }) => `measurements: segment ${segment} is not declared`),
      ...expects('segments', stage.segments.length + (cut.op === 'argmax' ? 1 : 0)),
    ];
  } catch (error) {
    if (error instanceof CodedError) return [error.detail];
    throw error;
  }
}
