import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from './model-session.ts';

type Answered = { readonly name: string; readonly dims: readonly number[]; readonly data: unknown };
type Shape = readonly (number | string)[];

/**
 * An output as a model may give it: float32, of the declared shape with this batch, and every value a finite number. A
 * device that computes wrongly often shows itself by a value that is none.
 *
 * @param shape as release.json declares it; a name such as `batch` stands for the batch where it comes first, and for any
 * size elsewhere. Undefined: not declared, then only the values are looked at.
 * @throws CodedError `inference-output-invalid`
 */
export function requireSound({ name, dims, data }: Answered, shape: Shape | undefined, batch: number): ModelTensor {
  if (!(data instanceof Float32Array)) throw new CodedError('inference-output-invalid', `${name} is no float32`);
  const fits = shape?.every((size, i) => (typeof size === 'number' ? dims[i] === size : i > 0 || dims[0] === batch));
  const volume = dims.reduce((product, size) => product * size, 1);
  if (fits === false || (shape !== undefined && shape.length !== dims.length) || volume !== data.length)
    throw new CodedError(
      'inference-output-invalid',
      `${name} is ${dims.join('×')}, not ${(shape ?? dims).join('×')} with a batch of ${batch}`,
    );
  if (!allFinite(data)) throw new CodedError('inference-output-invalid', `${name} holds values that are no numbers`);
  return { name, dims, data };
}

/** One pass without a branch: infinity and NaN minus themselves are NaN, and stay so in a sum. */
function allFinite(values: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    sum += value - value;
  }
  return sum === 0;
}
