import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { Code, Label } from './code.ts';

const Probability = Type.Number({ minimum: 0, maximum: 1 });

/** From a model's score to a probability: divided by the temperature, or a × score + b, before the activation. */
export const Calibration = Type.Union([
  strict({ method: Type.Literal('temperature'), temperature: Type.Number({ exclusiveMinimum: 0 }) }),
  strict({ method: Type.Literal('platt'), a: Type.Number(), b: Type.Number() }),
]);
export type Calibration = Static<typeof Calibration>;

/** One answer for a series from those for its slices. */
export const Aggregation = Type.Union([
  strict({ method: Type.Literal('max') }),
  strict({ method: Type.Literal('mean') }),
  /** The mean of the `top` greatest. */
  strict({ method: Type.Literal('top-mean'), top: Type.Integer({ minimum: 1 }) }),
]);
export type Aggregation = Static<typeof Aggregation>;

/**
 * A class of a model, in the order of its channels. It is `present` from one probability on and `absent` below another;
 * between the two the model says nothing of it.
 */
export const ClassLabel = strict({
  label: Label,
  /** What is stated, e.g. the finding that is looked for. */
  concept: Code,
  present: Code,
  absent: Code,
  anatomy: Type.Optional(Code),
  calibration: Type.Optional(Calibration),
  absent_below: Probability,
  present_from: Probability,
  /** Whether the probability stands in the report. */
  report_probability: Type.Boolean({ default: true }),
});
export type ClassLabel = Static<typeof ClassLabel>;
