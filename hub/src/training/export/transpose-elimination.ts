import { type Attributes, type Graph, int, ints, intsOf, type OnnxNode } from './graph.ts';
import { compose, inverse, isIdentity, type Permutation, sourceAxis } from './permutation.ts';

/** Operators that treat every element alike, so that a transpose may as well come after them. */
const ELEMENTWISE: ReadonlySet<string> = new Set(
  'Add Clip Elu Erf HardSigmoid LeakyRelu Max Mean Min Mul Relu Selu Sigmoid Softplus Softsign Tanh ThresholdedRelu'.split(
    ' ',
  ),
);
/** Operators that a transpose passes when their axis is renumbered. */
const ALONG_AXIS = new Set(['Concat', 'Softmax', 'LogSoftmax']);

/** A value that is not computed yet: `base`, transposed. Without a permutation it is `base` itself. */
type View = { readonly base: string; readonly permutation: Permutation | null };

/**
 * Delays every Transpose until something needs its result: inverse pairs cancel, and those in between pass through
 * elementwise operators, concatenation and softmax. Identity nodes go as well. One forward pass; the result computes
 * the same values under the same input and output names.
 */
export function eliminateTransposes(graph: Graph): Graph {
  const nodes: OnnxNode[] = [];
  const views = new Map<string, View>();
  const scalars = new Set(graph.initializers.filter((item) => item.dims.length === 0).map((item) => item.name));
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const materialised = new Set<string>();

  const viewOf = (name: string): View => views.get(name) ?? { base: name, permutation: null };
  const materialise = (view: View): string => {
    if (view.permutation === null || isIdentity(view.permutation)) return view.base;
    const key = `${view.base}/to_${view.permutation.join('')}`;
    if (!materialised.has(key)) {
      nodes.push(transposeNode(key, view.base, view.permutation));
      materialised.add(key);
    }
    return key;
  };

  for (const node of graph.nodes) {
    const [output] = node.outputs;
    const [input] = node.inputs;
    if (output === undefined || node.outputs.length !== 1 || input === undefined) {
      nodes.push({ ...node, inputs: node.inputs.map((name) => materialise(viewOf(name))) });
    } else if (node.opType === 'Identity') {
      views.set(output, viewOf(input));
    } else if (node.opType === 'Transpose') {
      const { base, permutation } = viewOf(input);
      const next = intsOf(node, 'perm');
      views.set(output, { base, permutation: permutation === null ? next : compose(permutation, next) });
    } else {
      const shared = passes(node) ? sharedPermutation(node, viewOf, scalars) : null;
      if (shared === null) {
        nodes.push({ ...node, inputs: node.inputs.map((name) => materialise(viewOf(name))) });
        continue;
      }
      const inputs = node.inputs.map((name) =>
        scalars.has(name) ? name : materialise(seenThrough(viewOf(name), inverse(shared))),
      );
      // The name of a graph output is kept for what comes out of the transpose at the border.
      const base = outputs.has(output) ? `${output}/inner` : output;
      const name = base === output ? node.name : base;
      nodes.push({ ...node, name, inputs, outputs: [base], attributes: renumbered(node.attributes, shared) });
      views.set(output, { base, permutation: shared });
    }
  }
  return withOutputs({ ...graph, nodes }, viewOf);
}

const passes = (node: OnnxNode): boolean => ELEMENTWISE.has(node.opType) || ALONG_AXIS.has(node.opType);

const transposeNode = (name: string, input: string, permutation: Permutation): OnnxNode => ({
  name,
  opType: 'Transpose',
  inputs: [input],
  outputs: [name],
  attributes: { perm: ints(permutation) },
});

const seenThrough = (view: View, next: Permutation): View => ({
  base: view.base,
  permutation: view.permutation === null ? next : compose(view.permutation, next),
});

/**
 * The permutation that leaves the fewest inputs to be transposed, the earliest one on a tie with another, any one on a
 * tie with none. Null when it is cheapest to have none.
 */
function sharedPermutation(
  node: OnnxNode,
  viewOf: (name: string) => View,
  scalars: ReadonlySet<string>,
): Permutation | null {
  const votes = new Map<string, { readonly permutation: Permutation; count: number }>();
  let plain = 0;
  for (const name of node.inputs) {
    const { permutation } = viewOf(name);
    if (scalars.has(name)) continue;
    if (permutation === null || isIdentity(permutation)) {
      plain += 1;
      continue;
    }
    const key = permutation.join();
    const vote = votes.get(key) ?? { permutation, count: 0 };
    votes.set(key, { ...vote, count: vote.count + 1 });
  }
  const [best] = [...votes.values()].sort((a, b) => b.count - a.count);
  return best !== undefined && best.count >= plain ? best.permutation : null;
}

function renumbered(attributes: Attributes, permutation: Permutation): Attributes {
  const axis = attributes['axis'];
  return axis?.type === 'int' ? { ...attributes, axis: int(sourceAxis(permutation, axis.value)) } : attributes;
}

/** Gives the outputs their names back: by renaming where the value is nobody else's, else by a node. */
function withOutputs(graph: Graph, viewOf: (name: string) => View): Graph {
  const renamed = new Map<string, string>();
  const taken = new Set([...graph.inputs, ...graph.outputs].map((value) => value.name));
  const borders: OnnxNode[] = [];
  for (const { name } of graph.outputs) {
    const { base, permutation } = viewOf(name);
    if (permutation !== null && !isIdentity(permutation)) borders.push(transposeNode(name, base, permutation));
    else if (base === name) continue;
    else if (taken.has(base) || renamed.has(base)) {
      borders.push({ name, opType: 'Identity', inputs: [base], outputs: [name], attributes: {} });
    } else renamed.set(base, name);
  }
  const rename = (value: string) => renamed.get(value) ?? value;
  const nodes = [...graph.nodes, ...borders].map((node) => ({
    ...node,
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  }));
  return { ...graph, nodes };
}

/** Transpose nodes in a graph, for reports and tests. */
export const transposeCount = (graph: Graph): number =>
  graph.nodes.filter((node) => node.opType === 'Transpose').length;
