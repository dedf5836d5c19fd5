import type { Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelFacts, TensorFacts } from './remote-model.ts';

type Tensor = Stage['inputs'][number];

/**
 * Whether a server's model, as far as its metadata goes, has the inputs and outputs of a stage. Inputs must be FP32, what
 * preprocessing makes; what outputs may be is decided by their values.
 *
 * @throws CodedError `remote-model-unfit` naming everything at once
 */
export function requireFit(
  model: string,
  facts: ModelFacts,
  { inputs, outputs }: Pick<Stage, 'inputs' | 'outputs'>,
): void {
  const problems = [
    ...unlike('input', facts.inputs, inputs),
    ...unlike('output', facts.outputs, outputs),
    ...(facts.inputs ?? []).flatMap(({ name, datatype }) =>
      datatype !== 'FP32' && inputs.some((one) => one.name === name)
        ? [`input ${name} is of ${datatype}, not FP32`]
        : [],
    ),
    ...(facts.inputs ?? []).flatMap(({ name }) =>
      inputs.some((one) => one.name === name) ? [] : [`it takes an input ${name} that the release does not declare`],
    ),
  ];
  if (problems.length > 0) throw new CodedError('remote-model-unfit', `${model}: ${problems.join('; ')}`);
}

function unlike(
  what: string,
  served: readonly TensorFacts[] | undefined,
  declared: readonly Tensor[],
): readonly string[] {
  if (served === undefined) return [];
  return declared.flatMap(({ name, shape }) => {
    const tensor = served.find((one) => one.name === name);
    if (tensor === undefined) return [`it has no ${what} ${name}`];
    const fits =
      tensor.dims.length === shape.length &&
      shape.every((size, i) => typeof size !== 'number' || tensor.dims[i] === -1 || tensor.dims[i] === size);
    return fits ? [] : [`${what} ${name} is ${tensor.dims.join('×')}, not ${shape.join('×')}`];
  });
}
