import { type Graph, type Initializer, type OnnxNode, useCounts, withoutUnusedInitializers } from './graph.ts';

/**
 * Folds each BatchNormalization into the Conv before it, where nothing else reads that Conv or its weights:
 * w ← w · γ/√(σ² + ε), b ← (b − μ) · γ/√(σ² + ε) + β. Rounds differently from the model, so the caller measures it.
 */
export function foldBatchNormalization(graph: Graph): Graph {
  const uses = useCounts(graph);
  const initializers = new Map(graph.initializers.map((item) => [item.name, item]));
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const replaced = new Map<OnnxNode, OnnxNode | null>();

  for (const node of graph.nodes) {
    const conv = node.opType === 'BatchNormalization' ? producers.get(node.inputs[0] ?? '') : undefined;
    if (conv?.opType !== 'Conv') continue;
    const ownedOnce = [...conv.inputs.slice(1), ...conv.outputs].every((name) => uses.get(name) === 1);
    const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => floats(initializers.get(name)));
    const weight = initializers.get(conv.inputs[1] ?? '');
    const weights = floats(weight);
    const epsilon = node.attributes['epsilon'];
    if (!ownedOnce || !gamma || !beta || !mean || !variance || !weight || !weights || epsilon?.type !== 'float')
      continue;
    const scale = Array.from(gamma, (value, channel) => value / Math.sqrt((variance[channel] ?? 0) + epsilon.value));
    const bias = floats(initializers.get(conv.inputs[2] ?? ''));
    const perChannel = weights.length / scale.length;
    initializers.set(weight.name, {
      ...weight,
      data: weights.map((value, index) => value * (scale[Math.floor(index / perChannel)] ?? 0)),
    });
    const biasName = conv.inputs[2] ?? `${conv.name}/folded_bias`;
    initializers.set(biasName, {
      name: biasName,
      dims: [scale.length],
      data: Float32Array.from(scale, (s, i) => ((bias?.[i] ?? 0) - (mean[i] ?? 0)) * s + (beta[i] ?? 0)),
    });
    replaced.set(conv, { ...conv, inputs: [conv.inputs[0] ?? '', weight.name, biasName], outputs: node.outputs });
    replaced.set(node, null);
  }
  const nodes = graph.nodes.map((node) => (replaced.has(node) ? replaced.get(node) : node));
  return withoutUnusedInitializers({
    ...graph,
    nodes: nodes.filter((node) => node !== null && node !== undefined),
    initializers: [...initializers.values()],
  });
}

const floats = (initializer: Initializer | undefined): Float32Array | null =>
  initializer?.data instanceof Float32Array ? initializer.data : null;
