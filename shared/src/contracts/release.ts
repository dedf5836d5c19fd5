import Type, { type Static } from 'typebox';
import { oneOf, ReleaseName, SemanticVersion, Sha256, strict, Timestamp } from './common.ts';
import { PriorsWanted } from './release-priors.ts';
import { Stage } from './release/stage.ts';
import { validator } from './validate.ts';

export * from './release/classification.ts';
export * from './release/code.ts';
export * from './release/detection.ts';
export * from './release/golden.ts';
export * from './release/postprocessing.ts';
export * from './release/preprocessing.ts';
export * from './release/regression.ts';
export * from './release/segmentation.ts';
export * from './release/stage.ts';

/** Bounds of a chunk: 256 KiB of raw bytes at most (DESIGN section 6). */
export const chunkBytesMax = 262_144;

/** Which series a release takes; every given condition must hold. */
export const Selector = strict({
  modality: Type.Optional(Type.Array(Type.String())),
  sop_classes: Type.Optional(Type.Array(Type.String())),
  body_part: Type.Optional(Type.Array(Type.String())),
  series_description: Type.Optional(Type.String()),
  slices: Type.Optional(strict({ min: Type.Integer({ minimum: 1 }), max: Type.Integer({ minimum: 1 }) })),
  orientation: Type.Optional(Type.Array(Type.Enum(['axial', 'coronal', 'sagittal']))),
});
export type Selector = Static<typeof Selector>;

/** `sha256` is of the raw bytes; `encoding` says how they travel. */
export const Chunk = strict({
  offset: Type.Integer({ minimum: 0 }),
  length: Type.Integer({ minimum: 1, maximum: chunkBytesMax }),
  encoding: Type.Enum(['identity', 'gzip']),
  sha256: Sha256,
});
export type Chunk = Static<typeof Chunk>;

export const ReleaseFile = strict({
  sha256: Sha256,
  bytes: Type.Integer({ minimum: 0 }),
  chunks: Type.Array(Chunk, { maxItems: 65_536 }),
});
export type ReleaseFile = Static<typeof ReleaseFile>;

const MetricValue = strict({ value: Type.Number(), n: Type.Integer({ minimum: 0 }), unit_of_analysis: Type.String() });

export const Evaluation = strict({
  dataset: Type.String(),
  note: Type.String(),
  metrics: Type.Record(Type.String(), MetricValue),
});
export type Evaluation = Static<typeof Evaluation>;

export const Provenance = strict({
  engine: Type.String(),
  run: Type.String(),
  dataset: Type.String(),
  code: Type.String(),
  seed: Type.Integer(),
  parity_max_abs_diff: Type.Optional(Type.Number({ minimum: 0 })),
});

const declared = {
  schema: Type.Literal('collimator.release/1'),
  name: ReleaseName,
  version: SemanticVersion,
  /** That of the last stage. */
  task: Type.Enum(['segmentation', 'classification', 'detection', 'regression']),
  title: Type.String({ minLength: 1, maxLength: 64 }),
  intended_use: Type.String({ minLength: 1 }),
  research_use_only: Type.Boolean(),
  selector: Selector,
  priority: oneOf(['stat', 'urgent', 'routine', 'background']),
  priors: Type.Optional(PriorsWanted),
  stages: Type.Array(Stage, { minItems: 1, maxItems: 8 }),
  device: strict({
    providers: Type.Array(Type.Enum(['cuda', 'tensorrt', 'cpu']), { minItems: 1 }),
    memory_bytes_min: Type.Integer({ minimum: 0 }),
    opset: Type.Integer({ minimum: 13 }),
  }),
  golden: strict({ cases: Type.Integer({ minimum: 1 }), tolerance_abs: Type.Number({ exclusiveMinimum: 0 }) }),
};

/** What a person declares before training; the trainer and the registry add the rest. */
export const ReleaseDeclaration = strict(declared);
export type ReleaseDeclaration = Static<typeof ReleaseDeclaration>;

const trained = {
  ...declared,
  created: Timestamp,
  reference: strict({ file: Type.String(), studies: Type.Integer({ minimum: 0 }) }),
  evaluation: Evaluation,
  provenance: Provenance,
};

/** What a training run leaves: all but the file list. */
export const ReleaseDraft = strict(trained);
export type ReleaseDraft = Static<typeof ReleaseDraft>;

/** `release.json` as it is signed and installed. */
export const Release = strict({
  ...trained,
  files: Type.Record(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._/-]*$' }), ReleaseFile),
});
export type Release = Static<typeof Release>;

export const releaseDeclaration = validator(ReleaseDeclaration, withTasks);
export const releaseDraft = validator(ReleaseDraft, withTasks);
export const release = validator(Release, withTasks);

/** A document whose stages all say their task. */
function withTasks(value: unknown): unknown {
  if (!isRecord(value) || !Array.isArray(value['stages'])) return value;
  const stages = value['stages'].map((stage: unknown) =>
    isRecord(stage) && stage['task'] === undefined ? { ...stage, task: 'segmentation' } : stage,
  );
  return { ...value, stages };
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
