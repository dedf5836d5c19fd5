/** An ONNX graph as plain values: what the layer lowerings produce, the passes rewrite and onnx-proto.ts writes. */
export type Graph = {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
};

/** One operator call of the default ONNX domain. Nodes are kept in topological order. */
export type OnnxNode = {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
};

export type Attributes = Readonly<Record<string, Attribute>>;
export type Attribute =
  | { readonly type: 'int'; readonly value: number }
  | { readonly type: 'float'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'ints'; readonly value: readonly number[] };

/** A constant: float32 weights, or int64 shapes, pads and indices. Row major. */
export type Initializer = {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
};

/** A float32 graph input or output. A string dimension is symbolic (`batch`). */
export type ValueInfo = { readonly name: string; readonly dims: readonly (number | string)[] };

export const int = (value: number): Attribute => ({ type: 'int', value });
export const float = (value: number): Attribute => ({ type: 'float', value });
export const text = (value: string): Attribute => ({ type: 'string', value });
export const ints = (value: readonly number[]): Attribute => ({ type: 'ints', value });

/** The integer list of an attribute. Throws on any other type: only our own lowerings make these nodes. */
export function intsOf(node: OnnxNode, attribute: string): readonly number[] {
  const found = node.attributes[attribute];
  if (found?.type !== 'ints') throw new Error(`${node.name} (${node.opType}) has no integer list ${attribute}`);
  return found.value;
}

/** How many times each value is read, as a node input or as a graph output. */
export function useCounts(graph: Graph): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const output of graph.outputs) count(output.name);
  return counts;
}

/** The same graph without the initializers that no node reads. */
export function withoutUnusedInitializers(graph: Graph): Graph {
  const used = useCounts(graph);
  return { ...graph, initializers: graph.initializers.filter((initializer) => used.has(initializer.name)) };
}
