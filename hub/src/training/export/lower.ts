import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Fragment } from './draft.ts';
import type { Graph, Initializer, OnnxNode, ValueInfo } from './graph.ts';
import { loweringOf } from './layers/registry.ts';
import type { ModelFacts, TensorFacts } from './model-facts.ts';

export type InterfaceNames = { readonly inputs: readonly string[]; readonly outputs: readonly string[] };

/**
 * Turns a model into a graph, layer by layer: channels last at every border, channels first inside each image operator.
 * The batch stays symbolic. Throws CodedErrors: export-names, export-unsupported-*.
 */
export function lower(model: ModelFacts, names: InterfaceNames): Graph {
  if (model.inputs.length === 0 || model.outputs.length === 0) {
    throw new CodedError('export-unsupported-option', 'the model has no inputs or no outputs: build it first');
  }
  requireNames(model, names);
  const values = new Map<string, string>();
  const fragments: Fragment[] = [];
  model.inputs.forEach((input, index) => values.set(input.id, requireFloat(input, names.inputs[index] ?? '')));
  for (const call of model.calls) {
    const fragment = loweringOf(call.layer)(call, call.inputs.map(valueOf(values)));
    fragments.push(fragment);
    values.set(call.output.id, fragment.output);
  }
  // An Identity gives each output its name, even where two outputs share a value or one is an input.
  const borders = model.outputs.map((output, index): OnnxNode => {
    const name = names.outputs[index] ?? '';
    return { name, opType: 'Identity', inputs: [valueOf(values)(output)], outputs: [name], attributes: {} };
  });
  return {
    name: 'model',
    nodes: [...fragments.flatMap((fragment) => fragment.nodes), ...borders],
    initializers: merged(fragments.flatMap((fragment) => fragment.initializers)),
    inputs: model.inputs.map((input, index) => valueInfo(input, names.inputs[index] ?? '')),
    outputs: model.outputs.map((output, index) => valueInfo(output, names.outputs[index] ?? '')),
  };
}

const valueOf = (values: ReadonlyMap<string, string>) => (tensor: TensorFacts) => {
  const value = values.get(tensor.id);
  if (value === undefined) throw new Error(`${tensor.id} is read before it is computed`);
  return value;
};

function requireFloat(input: TensorFacts, name: string): string {
  if (input.dtype !== 'float32') {
    throw new CodedError('export-unsupported-option', `input "${name}", dtype = ${input.dtype}: only float32`);
  }
  return name;
}

function requireNames(model: ModelFacts, names: InterfaceNames): void {
  const all = [...names.inputs, ...names.outputs];
  const wrong =
    names.inputs.length !== model.inputs.length || names.outputs.length !== model.outputs.length
      ? `${model.inputs.length} inputs and ${model.outputs.length} outputs need as many names`
      : all.find((name, index) => name === '' || name.includes('/') || all.indexOf(name) !== index);
  if (wrong !== undefined) throw new CodedError('export-names', wrong);
}

/** Shared layers bring the same constant once per call. */
function merged(initializers: readonly Initializer[]): readonly Initializer[] {
  return [...new Map(initializers.map((initializer) => [initializer.name, initializer])).values()];
}

const valueInfo = (tensor: TensorFacts, name: string): ValueInfo => ({
  name,
  dims: tensor.shape.map((dim, axis) => (axis === 0 ? 'batch' : (dim ?? `${name}_axis_${axis}`))),
});
