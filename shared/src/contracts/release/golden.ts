import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { validator } from '../validate.ts';

const Three = Type.Tuple([Type.Number(), Type.Number(), Type.Number()]);

/**
 * `golden/<n>.json`: what of a golden case is not in its pixels; each part may be left out, and the file too. A stage
 * after the first has its cases in `golden/stage-<index>/`.
 *
 * `<n>.pixels.npy` are stored values, [slices, rows, columns]. `<n>.expected.npy` is what the model gives for them: of
 * slices the output tensor with all of them as its batch; of a volume that is segmented the scores of all windows put
 * together, [channels, first, second, third axis of the preprocessed volume]; of another volume the output tensor. Of
 * several outputs there is a file for each, `<n>.expected.<output>.npy`.
 */
export const GoldenCase = strict({
  /** Between slices, rows and columns. */
  spacing_mm: Type.Optional(Three),
  /** Where slices, rows and columns follow each other, in the patient's coordinates (left, back, head). */
  directions: Type.Optional(Type.Tuple([Three, Three, Three])),
  /** Rescale Slope and Intercept. */
  slope: Type.Number({ default: 1 }),
  intercept: Type.Number({ default: 0 }),
});
export type GoldenCase = Static<typeof GoldenCase>;

export const goldenCase = validator(GoldenCase);
