import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';

/** A coded concept: coding scheme designator, value and meaning (PS3.3 §8.1). */
export const Code = strict({
  scheme: Type.String({ minLength: 1 }),
  code: Type.String({ minLength: 1 }),
  meaning: Type.String({ minLength: 1, maxLength: 64 }),
});
export type Code = Static<typeof Code>;

/** What a person reads beside a code. */
export const Label = Type.String({ minLength: 1, maxLength: 64 });
