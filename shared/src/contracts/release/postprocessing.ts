import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { Interpolation } from './preprocessing.ts';

/** From what a segmentation model gives to masks: scores, then `threshold` or `argmax`, then what is done to masks. */
export const PostprocessingOp = Type.Union([
  strict({ op: Type.Literal('sigmoid') }),
  strict({ op: Type.Literal('softmax') }),
  strict({ op: Type.Literal('resize-to-source'), interpolation: Interpolation }),
  /** Each channel by itself is the mask of a segment, in the order of `segments`. */
  strict({ op: Type.Literal('threshold'), at: Type.Number() }),
  /** Channel 0 is what is no segment; the others are the segments in their order. */
  strict({ op: Type.Literal('argmax') }),
  /** Of each segment. */
  strict({ op: Type.Literal('largest-component'), connectivity: Type.Union([Type.Literal(6), Type.Literal(26)]) }),
  /** Takes away the parts of a segment that are smaller. */
  strict({
    op: Type.Literal('min-volume'),
    volume_mL: Type.Number({ exclusiveMinimum: 0 }),
    connectivity: Type.Union([Type.Literal(6), Type.Literal(26)]),
  }),
]);
export type PostprocessingOp = Static<typeof PostprocessingOp>;
