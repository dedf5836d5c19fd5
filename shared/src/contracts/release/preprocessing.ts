import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';

export const Interpolation = Type.Enum(['bilinear', 'nearest']);

const positive = Type.Integer({ minimum: 1 });
/** Rows and columns of a slice, or the three axes of a volume in the order they have when the op is reached. */
const Size = Type.Union([Type.Tuple([positive, positive]), Type.Tuple([positive, positive, positive])]);
const Range = Type.Tuple([Type.Number(), Type.Number()]);
const Scope = Type.Enum(['series', 'slice']);
const width = Type.Number({ exclusiveMinimum: 0 });

/**
 * Where the three axes of a volume lead, first axis first: R(ight) or L(eft), A(nterior) or P(osterior), S(uperior) or
 * I(nferior), each pair once.
 */
export const AxisCodes = Type.String({
  pattern: '^(?!.*[RL].*[RL])(?!.*[AP].*[AP])(?!.*[SI].*[SI])[RLAPSI]{3}$',
});

/** Channels a stage makes at most: windows, repetitions. */
export const channelsMax = 16;

/** Preprocessing is declared, not coded: shared/src/imaging runs it for the trainer and for the appliance. */
export const PreprocessingOp = Type.Union([
  /** Stored values to those of the modality: Hounsfield units in CT. First, or not at all. */
  strict({ op: Type.Literal('modality-lut') }),
  strict({
    op: Type.Literal('clip-percentiles'),
    scope: Scope,
    low: Type.Number({ minimum: 0, maximum: 100 }),
    high: Type.Number({ minimum: 0, maximum: 100 }),
  }),
  strict({ op: Type.Literal('clip'), low: Type.Number(), high: Type.Number() }),
  /** Clips to the window and maps it to `to`. */
  strict({ op: Type.Literal('window'), center: Type.Number(), width, to: Range }),
  strict({
    op: Type.Literal('resize'),
    size: Size,
    interpolation: Interpolation,
    antialias: Type.Boolean({ default: false }),
  }),
  strict({ op: Type.Literal('scale'), from: Type.Union([Type.Literal('clip'), Range]), to: Range }),
  /** With `nonzero`, only values that are not 0 count, and those that are 0 stay so. */
  strict({ op: Type.Literal('z-score'), scope: Scope, nonzero: Type.Optional(Type.Boolean()) }),
  /** Volumes only: turns and swaps axes. */
  strict({ op: Type.Literal('orient'), axes: AxisCodes }),
  /** Volumes only: distance of voxels along the axes, in the order they have here. */
  strict({
    op: Type.Literal('resample'),
    spacing_mm: Type.Tuple([width, width, width]),
    interpolation: Type.Enum(['linear', 'nearest']),
  }),
  /** Cuts off or fills up on both sides alike, with `value`. */
  strict({ op: Type.Literal('pad-or-crop'), size: Size, value: Type.Number({ default: 0 }) }),
  /** One channel a window, each mapped to `to`. After everything that is done to one channel. */
  strict({
    op: Type.Literal('window-channels'),
    windows: Type.Array(strict({ center: Type.Number(), width }), { minItems: 1, maxItems: channelsMax }),
    to: Range,
  }),
  /** The same in every channel. */
  strict({ op: Type.Literal('repeat-channels'), times: Type.Integer({ minimum: 1, maximum: channelsMax }) }),
  /** (value - mean) / std, with one of each for every channel. */
  strict({
    op: Type.Literal('normalize'),
    mean: Type.Array(Type.Number(), { minItems: 1, maxItems: channelsMax }),
    std: Type.Array(width, { minItems: 1, maxItems: channelsMax }),
  }),
]);
export type PreprocessingOp = Static<typeof PreprocessingOp>;
