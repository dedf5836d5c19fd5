import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { Code, Label } from './code.ts';

/** A number that a model gives: scale × output + offset, in a unit of UCUM; in the order of its channels. */
export const RegressionValue = strict({
  label: Label,
  concept: Code,
  unit: Code,
  anatomy: Type.Optional(Code),
  scale: Type.Number({ default: 1 }),
  offset: Type.Number({ default: 0 }),
  /** What is plausible: outside of it the model abstains. */
  range: Type.Optional(Type.Tuple([Type.Number(), Type.Number()])),
});
export type RegressionValue = Static<typeof RegressionValue>;
