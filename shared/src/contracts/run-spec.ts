import Type, { type Static } from 'typebox';
import { Path, strict } from './common.ts';
import { validator } from './validate.ts';

const SliceRange = strict({ slices: Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 1 })]) });

export const AugmentationOp = Type.Union([
  strict({ op: Type.Literal('flip'), axis: Type.Enum(['x', 'y']) }),
  strict({ op: Type.Literal('rotate'), degrees: Type.Number({ minimum: 0, maximum: 180 }) }),
  strict({
    op: Type.Literal('contrast'),
    range: Type.Tuple([Type.Number({ exclusiveMinimum: 0 }), Type.Number({ exclusiveMinimum: 0 })]),
  }),
  strict({ op: Type.Literal('noise'), std: Type.Number({ minimum: 0 }) }),
]);
export type AugmentationOp = Static<typeof AugmentationOp>;

/** What the hub is asked to train: one contract for every engine and every launcher. Slice ranges are [first, end). */
export const RunSpec = strict({
  experiment: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  engine: Type.String({ minLength: 1, default: 'tfjs' }),
  launcher: Type.String({ minLength: 1, default: 'local' }),
  seed: Type.Integer({ minimum: 0, maximum: 4_294_967_295 }),
  dataset: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}@[0-9A-Za-z.-]+$' }),
  task: Type.Literal('segmentation'),
  split: strict({ by: Type.Literal('block'), validation: SliceRange, test: SliceRange }),
  network: strict({
    name: Type.Literal('unet'),
    channels: Type.Array(Type.Integer({ minimum: 1, maximum: 512 }), { minItems: 2, maxItems: 6 }),
    norm: Type.Enum(['batch', 'none']),
    up: Type.Enum(['bilinear', 'nearest']),
    down: Type.Literal('strided'),
  }),
  preprocessing: Type.Literal('release'),
  augmentation: Type.Array(AugmentationOp),
  loss: strict({ name: Type.Literal('dice-bce') }),
  optimizer: strict({ name: Type.Literal('adam'), learning_rate: Type.Number({ exclusiveMinimum: 0 }) }),
  batch: Type.Integer({ minimum: 1, maximum: 1024 }),
  steps_max: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  early_stopping: strict({ metric: Type.Literal('val_dice'), patience_steps: Type.Integer({ minimum: 1 }) }),
  export: strict({
    opset: Type.Literal(17),
    batch_sizes: Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1 }),
    parity_abs_max: Type.Number({ exclusiveMinimum: 0 }),
  }),
  release: Path,
});
export type RunSpec = Static<typeof RunSpec>;

export const runSpec = validator(RunSpec);
