import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { Code, Label } from './code.ts';

/** Where the boxes and scores of a model are among its outputs, and what its numbers mean. */
export const BoxOutputs = strict({
  /** Name of the output [batch, boxes, 4]. */
  boxes: Type.String({ minLength: 1 }),
  /** Name of the output [batch, boxes, classes]. */
  scores: Type.String({ minLength: 1 }),
  /** x along columns, y along rows: two corners, or centre with width and height. */
  coordinates: Type.Enum(['x1y1x2y2', 'y1x1y2x2', 'cxcywh']),
  /** Pixels of the model's input, from the corner of the first; or shares of its width and height. */
  unit: Type.Enum(['pixel', 'share']),
});
export type BoxOutputs = Static<typeof BoxOutputs>;

/** A class of boxes, in the order of the score channels. */
export const BoxClass = strict({
  number: Type.Integer({ minimum: 1, maximum: 65_535 }),
  label: Label,
  category: Code,
  type: Code,
  anatomy: Type.Optional(Code),
});
export type BoxClass = Static<typeof BoxClass>;

export const BoxSelection = strict({
  score_min: Type.Number({ minimum: 0, maximum: 1 }),
  /** Of two boxes of a class that overlap by more, the one with the lower score goes. */
  iou_max: Type.Number({ minimum: 0, maximum: 1 }),
  /** On one slice. */
  boxes_max: Type.Integer({ minimum: 1, maximum: 1000, default: 100 }),
  /**
   * Boxes of a class on slices that follow each other are one finding where they overlap by at least this; it is
   * reported on the slice of its best box.
   */
  link_iou_min: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.3 }),
  /** In one report: those with the best scores. */
  findings_max: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
});
export type BoxSelection = Static<typeof BoxSelection>;
