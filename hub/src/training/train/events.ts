import { strict } from '@collimator/shared/contracts/common';
import { validator } from '@collimator/shared/contracts/validate';
import Type, { type Static } from 'typebox';

const Seconds = Type.Number({ minimum: 0 });
const Fraction = Type.Number({ minimum: 0, maximum: 1 });
/** Wall seconds and CPU seconds (user and system, the whole process) since the process began. */
const times = { elapsed_s: Seconds, cpu_s: Seconds };
const Step = Type.Integer({ minimum: 0 });

/** One line of a training process: JSON on stdout, and the same in metrics.jsonl. */
export const TrainingEvent = Type.Union([
  strict({
    type: Type.Literal('backend'),
    engine: Type.String(),
    backend: Type.String(),
    detail: Type.String(),
    passed_over: Type.Array(strict({ name: Type.String(), why: Type.String() })),
    ...times,
  }),
  strict({
    type: Type.Literal('data'),
    dataset: Type.String(),
    train_slices: Step,
    validation_slices: Step,
    test_slices: Step,
    ...times,
  }),
  strict({ type: Type.Literal('step'), step: Step, steps_max: Step, loss: Type.Number(), ...times }),
  strict({ type: Type.Literal('validation'), step: Step, val_dice: Fraction, best_val_dice: Fraction, ...times }),
  strict({
    type: Type.Literal('stopped'),
    step: Step,
    reason: Type.Enum(['patience', 'steps_max']),
    best_step: Step,
    best_val_dice: Fraction,
    ...times,
  }),
  strict({ type: Type.Literal('test'), dice: Fraction, slices: Step, ...times }),
  strict({ type: Type.Literal('exported'), parity_max_abs_diff: Type.Number(), bytes: Step, ...times }),
  strict({
    type: Type.Literal('done'),
    release: Type.String(),
    dice: Fraction,
    parity_max_abs_diff: Type.Number(),
    parameters: Step,
    steps: Step,
    weights_sha256: Type.String(),
    ...times,
  }),
  strict({
    type: Type.Literal('failed'),
    /** Code of the error catalogue, and what the error is about; `message` is both for a person. */
    code: Type.String(),
    detail: Type.String(),
    message: Type.String(),
    ...times,
  }),
]);
export type TrainingEvent = Static<typeof TrainingEvent>;

export const trainingEvent = validator(TrainingEvent);
