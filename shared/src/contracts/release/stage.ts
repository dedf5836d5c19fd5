import Type, { type Static, type TProperties } from 'typebox';
import { strict } from '../common.ts';
import { Aggregation, ClassLabel } from './classification.ts';
import { Label } from './code.ts';
import { BoxClass, BoxOutputs, BoxSelection } from './detection.ts';
import { PostprocessingOp } from './postprocessing.ts';
import { PreprocessingOp } from './preprocessing.ts';
import { RegressionValue } from './regression.ts';
import { Abstention, Measurement, Segment, Statement } from './segmentation.ts';

/**
 * N is the batch, C the channels, H and W rows and columns of a slice; D, H and W the three axes of a volume; L a list,
 * such as boxes.
 */
export const Tensor = strict({
  name: Type.String({ minLength: 1 }),
  dtype: Type.Literal('float32'),
  layout: Type.Enum(['NHWC', 'NCHW', 'NDHWC', 'NCDHW', 'NC', 'NLC']),
  shape: Type.Array(Type.Union([Type.Literal('batch'), Type.Integer({ minimum: 1 })]), { minItems: 1 }),
});
export type Tensor = Static<typeof Tensor>;

/** How a volume goes through a model that takes less of it at once. */
export const Sliding = strict({
  /** Share of a window that the next one covers again. */
  overlap: Type.Number({ minimum: 0, exclusiveMaximum: 1, default: 0.25 }),
  /** How much each window counts where several overlap. */
  weighting: Type.Enum(['constant', 'gaussian'], { default: 'gaussian' }),
  /** Of the Gaussian, as a share of the window's side. */
  sigma_share: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.125 }),
});
export type Sliding = Static<typeof Sliding>;

/** What a stage that is not the last hands to the next one; where there is nothing, the job ends as `none` says. */
const none = Type.Enum(['no-finding', 'abstained'], { default: 'no-finding' });
export const RegionSelection = strict({
  /** The box around a segment; or all of the slices that it lies on. */
  select: Type.Enum(['region', 'slices']),
  segment: Type.Integer({ minimum: 1 }),
  margin_mm: Type.Number({ minimum: 0, default: 0 }),
  none,
});
export type RegionSelection = Static<typeof RegionSelection>;
export const SliceSelection = strict({
  select: Type.Literal('slices'),
  /** Slices where this class is present. */
  label: Label,
  margin_mm: Type.Number({ minimum: 0, default: 0 }),
  none,
});
export type SliceSelection = Static<typeof SliceSelection>;

const stage = <P extends TProperties>(its: P) =>
  strict({
    name: Type.String({ minLength: 1 }),
    model: Type.String({ minLength: 1 }),
    /** What the model takes at once: a slice, or a volume or a window of it. */
    unit: Type.Enum(['slice', 'volume']),
    inputs: Type.Array(Tensor, { minItems: 1 }),
    batch_sizes: Type.Array(Type.Integer({ minimum: 1, maximum: 1024 }), { minItems: 1 }),
    preprocessing: Type.Array(PreprocessingOp),
    outputs: Type.Array(Tensor, { minItems: 1 }),
    ...its,
  });

export const SegmentationStage = stage({
  /** A stage that does not say is one. */
  task: Type.Optional(Type.Literal('segmentation')),
  sliding: Type.Optional(Sliding),
  postprocessing: Type.Array(PostprocessingOp),
  segments: Type.Array(Segment, { maxItems: 64 }),
  measurements: Type.Array(Measurement),
  statements: Type.Optional(Type.Array(Statement)),
  abstain: Type.Optional(Abstention),
  selection: Type.Optional(RegionSelection),
});
export type SegmentationStage = Static<typeof SegmentationStage>;

const Activation = Type.Enum(['none', 'sigmoid', 'softmax']);

export const ClassificationStage = stage({
  task: Type.Literal('classification'),
  activation: Activation,
  aggregation: Type.Optional(Aggregation),
  labels: Type.Array(ClassLabel, { minItems: 1, maxItems: 256 }),
  selection: Type.Optional(SliceSelection),
});
export type ClassificationStage = Static<typeof ClassificationStage>;

export const DetectionStage = stage({
  task: Type.Literal('detection'),
  /** With `softmax`, channel 0 of the scores is what is no class. */
  activation: Activation,
  detections: BoxOutputs,
  keep: BoxSelection,
  classes: Type.Array(BoxClass, { minItems: 1, maxItems: 256 }),
});
export type DetectionStage = Static<typeof DetectionStage>;

export const RegressionStage = stage({
  task: Type.Literal('regression'),
  aggregation: Type.Optional(Aggregation),
  values: Type.Array(RegressionValue, { minItems: 1, maxItems: 64 }),
});
export type RegressionStage = Static<typeof RegressionStage>;

export const Stage = Type.Union([SegmentationStage, ClassificationStage, DetectionStage, RegressionStage]);
export type Stage = Static<typeof Stage>;

export type Task = 'segmentation' | 'classification' | 'detection' | 'regression';
export const taskOf = (one: Stage): Task => one.task ?? 'segmentation';

/** Whether a stage gives masks. */
export const isSegmentation = (one: Stage): one is SegmentationStage => taskOf(one) === 'segmentation';
