import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from '../model-session.ts';
import { floatValues } from './float-values.ts';
import type { ServedTensor, WantedOutput } from './remote-model.ts';

/**
 * What a server answered, as the release declares it: of this shape, float32, and every value a finite number.
 *
 * @throws CodedError `inference-output-invalid`
 */
export function soundAnswer(served: readonly ServedTensor[], wanted: readonly WantedOutput[]): readonly ModelTensor[] {
  return wanted.map(({ name, dims: declared }) => {
    const tensor = served.find((one) => one.name === name);
    if (tensor === undefined) throw new CodedError('inference-output-invalid', `${name} is not in the answer`);
    const { dims } = tensor;
    if (dims.length !== declared.length || declared.some((size, at) => size !== undefined && size !== dims[at]))
      throw new CodedError(
        'inference-output-invalid',
        `${name} is ${dims.join('×')}, not ${declared.map((size) => size ?? '?').join('×')}`,
      );
    const data = floatValues(tensor);
    if (!allFinite(data)) throw new CodedError('inference-output-invalid', `${name} holds values that are no numbers`);
    return { name, dims, data };
  });
}

const allFinite = (values: Float32Array): boolean => values.every((value) => Number.isFinite(value));

/**
 * What no server should be asked about: JSON could not even say it.
 *
 * @throws CodedError `inference-output-invalid`
 */
export function requireFinite(inputs: readonly ModelTensor[]): void {
  const strange = inputs.find(({ data }) => !allFinite(data));
  if (strange !== undefined)
    throw new CodedError('inference-output-invalid', `${strange.name}, an input, holds values that are no numbers`);
}
