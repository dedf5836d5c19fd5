import type { Attributes, Initializer, OnnxNode } from './graph.ts';
import type { LayerCall } from './model-facts.ts';

/** The nodes and constants that one layer call becomes. `output` is the value that carries its result. */
export type Fragment = {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly output: string;
};

/** Collects one fragment; names are derived from the call, so they are unique and the same every time. */
export type Draft = {
  /** Adds a node with one output and returns that output's name. */
  op(opType: string, inputs: readonly string[], attributes?: Attributes): string;
  /** A constant that belongs to the layer: all calls of a shared layer name the same one. */
  weight(role: string, dims: readonly number[], data: Float32Array): string;
  /** A float32 scalar that belongs to this call. */
  scalar(role: string, value: number): string;
  /** An int64 vector that belongs to this call. */
  indices(role: string, values: readonly (number | bigint)[]): string;
  done(output: string): Fragment;
};

/** Turns one layer call into a fragment, given the names of the values it reads. Refuses by throwing a CodedError. */
export type Lowering = (call: LayerCall, inputs: readonly string[]) => Fragment;

export function draftOf(call: LayerCall): Draft {
  const nodes: OnnxNode[] = [];
  const initializers: Initializer[] = [];
  const counts = new Map<string, number>();

  const constant = (name: string, dims: readonly number[], data: Initializer['data']): string => {
    if (!initializers.some((known) => known.name === name)) initializers.push({ name, dims, data });
    return name;
  };
  return {
    op(opType, inputs, attributes = {}) {
      const count = (counts.get(opType) ?? 0) + 1;
      counts.set(opType, count);
      const name = `${call.name}/${opType}${count === 1 ? '' : `_${count}`}`;
      nodes.push({ name, opType, inputs, outputs: [name], attributes });
      return name;
    },
    weight: (role, dims, data) => constant(`${call.layer.path}.${role}`, dims, data),
    scalar: (role, value) => constant(`${call.name}/${role}`, [], Float32Array.of(value)),
    indices: (role, values) => constant(`${call.name}/${role}`, [values.length], BigInt64Array.from(values, BigInt)),
    done: (output) => ({ nodes, initializers, output }),
  };
}

/** The only input of a layer that takes one. Throws on a bug of ours: tfjs has checked the count already. */
export function onlyInput(inputs: readonly string[]): string {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) throw new Error(`expected one input, got ${inputs.length}`);
  return input;
}
