import Type, { type Static } from 'typebox';
import { oneOf, ReleaseName, SemanticVersion, Sha256, strict, Timestamp } from './common.ts';
import { validator } from './validate.ts';

/** Bounds of a chunk: 256 KiB of raw bytes at most (DESIGN section 6). */
export const chunkBytesMax = 262_144;

const Interpolation = Type.Enum(['bilinear', 'nearest']);
const Size2d = Type.Tuple([Type.Integer({ minimum: 1 }), Type.Integer({ minimum: 1 })]);
const Range = Type.Tuple([Type.Number(), Type.Number()]);

/** Preprocessing is declared, not coded: shared/src/imaging runs it for the trainer and for the appliance. */
export const PreprocessingOp = Type.Union([
  strict({ op: Type.Literal('modality-lut') }),
  strict({
    op: Type.Literal('clip-percentiles'),
    scope: Type.Enum(['series', 'slice']),
    low: Type.Number({ minimum: 0, maximum: 100 }),
    high: Type.Number({ minimum: 0, maximum: 100 }),
  }),
  strict({ op: Type.Literal('clip'), low: Type.Number(), high: Type.Number() }),
  strict({
    op: Type.Literal('resize'),
    size: Size2d,
    interpolation: Interpolation,
    antialias: Type.Boolean({ default: false }),
  }),
  strict({ op: Type.Literal('scale'), from: Type.Union([Type.Literal('clip'), Range]), to: Range }),
  strict({ op: Type.Literal('z-score'), scope: Type.Enum(['series', 'slice']) }),
]);
export type PreprocessingOp = Static<typeof PreprocessingOp>;

export const PostprocessingOp = Type.Union([
  strict({ op: Type.Literal('sigmoid') }),
  strict({ op: Type.Literal('resize-to-source'), interpolation: Interpolation }),
  strict({ op: Type.Literal('threshold'), at: Type.Number() }),
  strict({ op: Type.Literal('largest-component'), connectivity: Type.Union([Type.Literal(6), Type.Literal(26)]) }),
]);
export type PostprocessingOp = Static<typeof PostprocessingOp>;

/** A coded concept: coding scheme designator, value and meaning (PS3.3 §8.1). */
export const Code = strict({
  scheme: Type.String({ minLength: 1 }),
  code: Type.String({ minLength: 1 }),
  meaning: Type.String({ minLength: 1, maxLength: 64 }),
});
export type Code = Static<typeof Code>;

const Tensor = strict({
  name: Type.String({ minLength: 1 }),
  dtype: Type.Literal('float32'),
  layout: Type.Enum(['NHWC', 'NCHW']),
  shape: Type.Array(Type.Union([Type.Literal('batch'), Type.Integer({ minimum: 1 })]), { minItems: 1 }),
});

export const Segment = strict({
  number: Type.Integer({ minimum: 1, maximum: 65_535 }),
  label: Type.String({ minLength: 1, maxLength: 64 }),
  category: Code,
  type: Code,
  /** Where in the body it is, when its type does not say. */
  anatomy: Type.Optional(Code),
});
export type Segment = Static<typeof Segment>;

const measurement = <K extends string, U extends string>(kind: K, unit: U) =>
  strict({ kind: Type.Literal(kind), segment: Type.Integer({ minimum: 1 }), unit: Type.Literal(unit) });

/**
 * What a report says of a segment. Area and diameters are those of its largest part on the slice where most of it is
 * marked; intensities are over all of it, in Hounsfield units in CT and in the scanner's own elsewhere.
 */
export const Measurement = Type.Union([
  measurement('volume', 'mL'),
  measurement('area', 'mm2'),
  measurement('diameter-longest', 'mm'),
  measurement('diameter-perpendicular', 'mm'),
  measurement('intensity-mean', 'source'),
  measurement('intensity-min', 'source'),
  measurement('intensity-max', 'source'),
  measurement('intensity-std', 'source'),
]);
export type Measurement = Static<typeof Measurement>;

/** A coded statement on a segment: `present` where at least `volume_mL_min` of it is marked, `absent` where not. */
export const Statement = strict({
  concept: Code,
  segment: Type.Integer({ minimum: 1 }),
  volume_mL_min: Type.Number({ minimum: 0, default: 0 }),
  present: Code,
  absent: Code,
});
export type Statement = Static<typeof Statement>;

/** When a model is too unsure to say anything: the mean probability of what it marked is below the bound. */
export const Abstention = strict({ mean_probability_below: Type.Number({ exclusiveMinimum: 0, maximum: 1 }) });
export type Abstention = Static<typeof Abstention>;

export const Stage = strict({
  name: Type.String({ minLength: 1 }),
  model: Type.String({ minLength: 1 }),
  unit: Type.Literal('slice'),
  inputs: Type.Array(Tensor, { minItems: 1 }),
  batch_sizes: Type.Array(Type.Integer({ minimum: 1, maximum: 1024 }), { minItems: 1 }),
  preprocessing: Type.Array(PreprocessingOp),
  outputs: Type.Array(Tensor, { minItems: 1 }),
  postprocessing: Type.Array(PostprocessingOp),
  segments: Type.Array(Segment),
  measurements: Type.Array(Measurement),
  statements: Type.Optional(Type.Array(Statement)),
  abstain: Type.Optional(Abstention),
});
export type Stage = Static<typeof Stage>;

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
  task: Type.Literal('segmentation'),
  title: Type.String({ minLength: 1, maxLength: 64 }),
  intended_use: Type.String({ minLength: 1 }),
  research_use_only: Type.Boolean(),
  selector: Selector,
  priority: oneOf(['stat', 'urgent', 'routine', 'background']),
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

export const releaseDeclaration = validator(ReleaseDeclaration);
export const releaseDraft = validator(ReleaseDraft);
export const release = validator(Release);
