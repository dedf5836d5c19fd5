import Type, { type Static } from 'typebox';
import { strict } from './common.ts';

const Codes = Type.Array(Type.String({ pattern: '^[A-Z0-9_ ]{1,16}$' }), { minItems: 1, maxItems: 16 });

/**
 * Earlier studies of the same patient that a model wants beside the one that it is run on. Every given condition must
 * hold; the newest are taken. A job waits for them no longer than `wait_s_max`; then it runs with what is there, or, where
 * a prior is `required` and there is none, is answered as refused.
 */
export const PriorsWanted = strict({
  /** Most studies. */
  count_max: Type.Integer({ minimum: 1, maximum: 10 }),
  /** Modalities of the series; every one that has images when absent. */
  modality: Type.Optional(Codes),
  /** Values of Body Part Examined, in capitals; a series that names none is left out then. */
  body_part: Type.Optional(Codes),
  within_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 36_525 })),
  wait_s_max: Type.Number({ exclusiveMinimum: 0, maximum: 86_400 }),
  required: Type.Boolean({ default: false }),
});
export type PriorsWanted = Static<typeof PriorsWanted>;
