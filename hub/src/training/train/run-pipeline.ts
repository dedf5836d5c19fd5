import { createHash } from 'node:crypto';
import {
  isSegmentation,
  type ReleaseDeclaration,
  type ReleaseDraft,
  type SegmentationStage,
  type Stage,
} from '@collimator/shared/contracts/release';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Dataset } from '../dataset/load-dataset.ts';
import { splitOrThrow } from '../dataset/split.ts';
import { evaluateMasks } from '../evaluate/evaluate-masks.ts';
import type { SampleSize } from './augment.ts';
import { evaluationNote, modelCard, modelLicence, subjectsOf } from './card.ts';
import type { Predict, TrainedModel, TrainingEngine, Weight } from './engine.ts';
import type { TrainingEvent } from './events.ts';
import { goldenFiles, type OutputFile } from './golden.ts';
import { inputSize, prepareItems, samplesOf } from './prepare-samples.ts';
import { makeReference } from './reference.ts';
import { type Block, blocksOf, predictBlock } from './score-block.ts';

export type PipelineDeps = {
  readonly engine: TrainingEngine;
  readonly emit: (event: TrainingEvent) => void;
  /** Milliseconds since the process began. */
  readonly clock: () => number;
  /** User and system CPU seconds of this process. */
  readonly cpuSeconds: () => number;
  /** Now, ISO 8601 with seconds, UTC. */
  readonly timestamp: () => string;
};

export type PipelineInput = {
  readonly spec: RunSpec;
  readonly declaration: ReleaseDeclaration;
  readonly dataset: Dataset;
  /** Id of the run and version of the code, for provenance. */
  readonly run: string;
  readonly code: string;
};

export type PipelineResult = {
  /** Files of the release folder, release.json (without its file list) included. */
  readonly release: readonly OutputFile[];
  readonly weights: { readonly bytes: Uint8Array; readonly index: string; readonly sha256: string };
  readonly dice: number;
  readonly parityMaxAbsDiff: number;
  readonly parameters: number;
  readonly steps: number;
};

/** dataset → train → evaluate → export: everything a release is made of, in memory. The order of stages is the story. */
export async function runPipeline(input: PipelineInput, deps: PipelineDeps): Promise<PipelineResult> {
  const { spec, declaration, dataset } = input;
  const times = () => ({ elapsed_s: deps.clock() / 1000, cpu_s: deps.cpuSeconds() });
  const stage = onlyStage(declaration);
  const size = inputSize(stage);
  requireDataset(spec, dataset);

  const split = splitOrThrow(
    dataset.items.map((item) => ({ firstSlice: item.firstSlice, slices: item.image.slices })),
    spec.split,
  );
  const info = await deps.engine.start();
  deps.emit({
    type: 'backend',
    engine: info.engine,
    backend: info.backend,
    detail: info.detail,
    passed_over: [...info.passedOver],
    ...times(),
  });
  const items = prepareItems(dataset, stage);
  const [training, validation, test] = [split.train, split.validation, split.test].map((refs) =>
    blocksOf(items, refs, size),
  ) as [readonly Block[], readonly Block[], readonly Block[]];
  deps.emit({
    type: 'data',
    dataset: dataset.digest,
    train_slices: split.train.length,
    validation_slices: split.validation.length,
    test_slices: split.test.length,
    ...times(),
  });

  const model = await deps.engine.train({
    spec,
    size,
    samples: samplesOf(items, split.train, size),
    validate: (predict) => evaluateBlocks(validation, predict, stage, size).dice,
    emit: deps.emit,
    clock: deps.clock,
    cpuSeconds: deps.cpuSeconds,
  });

  const evaluated = evaluateBlocks(test, model.predict, stage, size);
  deps.emit({ type: 'test', dice: evaluated.dice, slices: split.test.length, ...times() });

  const exported = await exportModel(model, stage, validation, spec);
  deps.emit({
    type: 'exported',
    parity_max_abs_diff: exported.parityMaxAbsDiff,
    bytes: exported.bytes.length,
    ...times(),
  });

  const subjects = subjectsOf(dataset);
  const evaluation = { dataset: dataset.digest, note: evaluationNote(subjects, spec), metrics: evaluated.metrics };
  const draft: ReleaseDraft = {
    ...declaration,
    created: deps.timestamp(),
    reference: { file: 'reference.json', studies: training.length },
    evaluation,
    provenance: {
      engine: `${info.engine} (${info.backend})`,
      run: input.run,
      dataset: dataset.digest,
      code: input.code,
      seed: spec.seed,
      parity_max_abs_diff: exported.parityMaxAbsDiff,
    },
  };
  const reference = makeReference(
    training.map((block) => ({
      inputs: block.inputs,
      mask: predictBlock(block, model.predict, stage, size).predicted,
      slices: block.indices.length,
      spacing: block.prepared.item.image.spacing,
    })),
    stage.preprocessing.findLast((op) => op.op === 'scale')?.to,
  );
  const facts = {
    draft,
    spec,
    dataset,
    split,
    parameters: model.parameters,
    steps: model.steps,
    bestStep: model.bestStep,
  };
  const firstItem = dataset.items[0] as Dataset['items'][number];
  const release = [
    { path: stage.model, bytes: exported.bytes },
    ...goldenFiles(firstItem, stage, declaration.golden.cases, model.predict),
    { path: 'reference.json', bytes: json(reference) },
    { path: 'evaluation.json', bytes: json({ ...evaluation, test_slices: evaluated.slices }) },
    { path: 'CARD.md', bytes: text(modelCard(facts)) },
    { path: 'LICENSE-MODEL.txt', bytes: text(modelLicence(dataset)) },
    { path: 'release.json', bytes: json(draft) },
  ];
  const weights = packWeights(model.weights());
  const { parameters, steps } = model;
  model.dispose();
  return { release, weights, dice: evaluated.dice, parityMaxAbsDiff: exported.parityMaxAbsDiff, parameters, steps };
}

/** Export and comparison with ONNX Runtime on the validation block: real inputs that were not trained on. */
const exportModel = (model: TrainedModel, stage: Stage, validation: readonly Block[], spec: RunSpec) =>
  model.exportOnnx(
    { input: stage.inputs[0]?.name ?? 'input', output: stage.outputs[0]?.name ?? 'output' },
    validation[0]?.inputs ?? new Float32Array(0),
    spec.export.parity_abs_max,
  );

function evaluateBlocks(blocks: readonly Block[], predict: Predict, stage: SegmentationStage, size: SampleSize) {
  const { metrics, slices } = evaluateMasks(blocks.map((block) => predictBlock(block, predict, stage, size)));
  const numbers = blocks.flatMap((block) => block.indices.map((index) => block.prepared.item.firstSlice + index));
  return {
    dice: metrics['dice']?.value ?? 0,
    metrics,
    slices: slices.map(({ counts, dice }, i) => ({ slice: numbers[i], dice: dice ?? null, ...counts })),
  };
}

function onlyStage(declaration: ReleaseDeclaration): SegmentationStage {
  const [stage, ...more] = declaration.stages;
  if (stage === undefined || more.length > 0)
    throw new CodedError('training-spec-unsupported', 'a run trains a release of one stage');
  if (!isSegmentation(stage) || stage.unit !== 'slice')
    throw new CodedError('training-spec-unsupported', 'a run trains the segmentation of slices');
  return stage;
}

function requireDataset(spec: RunSpec, dataset: Dataset): void {
  const found = `${dataset.file.name}@${dataset.file.version}`;
  if (found !== spec.dataset)
    throw new CodedError('dataset-invalid', `the run asks for ${spec.dataset}, the folder holds ${found}`);
}

function packWeights(weights: readonly Weight[]): PipelineResult['weights'] {
  const bytes = Buffer.concat(
    weights.map((weight) => Buffer.from(weight.values.buffer, weight.values.byteOffset, weight.values.byteLength)),
  );
  const index = weights.map(({ name, shape }) => ({ name, shape, dtype: 'float32' }));
  return { bytes, index: JSON.stringify(index, null, 2), sha256: createHash('sha256').update(bytes).digest('hex') };
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const json = (value: unknown): Uint8Array => text(`${JSON.stringify(value, null, 2)}\n`);
