import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { LayerCall, LayerFacts, ModelFacts, Shape, TensorFacts, Weight } from './model-facts.ts';

type Layer = layers.Layer;
type Container = Pick<LayersModel, 'inputs' | 'outputs' | 'nodesByDepth'> & { readonly name: string };
type Scope = Map<number, TensorFacts>;

/**
 * Reads a built tfjs-layers model, with a synchronous copy of its weights.
 * Nested models are flattened, shared layers keep one set of weights, and names that tfjs made up from its process-wide
 * counters are replaced by class name and position, so the same architecture reads the same in every process.
 * `requireSupported` is asked before a layer's configuration is read, and throws to refuse it.
 */
export function readModel(model: LayersModel, requireSupported: (layer: LayerFacts) => void): ModelFacts {
  const calls: LayerCall[] = [];
  const named = new Map<Layer, LayerFacts>();
  const paths = uniqueNames();
  const callNames = uniqueNames();

  const factsOf = (layer: Layer, prefix: string): LayerFacts => {
    const known = named.get(layer);
    if (known !== undefined) return known;
    const className = layer.getClassName();
    const path = paths(`${prefix}${plainName(layer)}`);
    const bare: LayerFacts = { path, title: `${prefix}${layer.name}`, className, config: {}, weights: {} };
    requireSupported(bare);
    const facts: LayerFacts = { ...bare, config: layer.getConfig(), weights: weightsOf(layer) };
    named.set(layer, facts);
    return facts;
  };

  const visit = (container: Container, inputs: readonly TensorFacts[], prefix: string): readonly TensorFacts[] => {
    const scope: Scope = new Map();
    container.inputs.forEach((tensor, index) => {
      const value = inputs[index];
      if (value !== undefined) scope.set(tensor.id, value);
    });
    for (const node of nodesInOrder(container)) {
      const layer = node.outboundLayer;
      const [output] = node.outputTensors;
      const given = node.inputTensors.map((tensor) => scope.get(tensor.id));
      const values = given.filter((value) => value !== undefined);
      if (layer.getClassName() === 'InputLayer' || output === undefined || values.length < given.length) continue;
      if (isContainer(layer)) {
        const results = visit(layer, values, `${prefix}${plainName(layer)}/`);
        node.outputTensors.forEach((tensor, index) => setResult(scope, tensor, results[index]));
        continue;
      }
      const facts = factsOf(layer, prefix);
      const name = callNames(facts.path);
      const result: TensorFacts = { id: name, shape: outputShape(layer, values), dtype: output.dtype };
      calls.push({ layer: facts, name, inputs: values, output: result });
      scope.set(output.id, result);
    }
    return container.outputs.map((tensor) => setResult(scope, tensor, scope.get(tensor.id)));
  };

  const inputs = model.inputs.map((tensor, index) => ({
    id: `input:${index}`,
    shape: [null, ...tensor.shape.slice(1)],
    dtype: tensor.dtype,
  }));
  const outputs = visit(model, inputs, '');
  return { inputs, outputs, calls };
}

function setResult(scope: Scope, tensor: SymbolicTensor, value: TensorFacts | undefined): TensorFacts {
  if (value === undefined) throw new Error(`no layer of the model computes ${tensor.name}`);
  scope.set(tensor.id, value);
  return value;
}

const isContainer = (layer: Layer): layer is Layer & Container => 'nodesByDepth' in layer;

/** Deepest first: the order in which tfjs computes them. */
const nodesInOrder = (container: Container) =>
  Object.keys(container.nodesByDepth)
    .map(Number)
    .sort((a, b) => b - a)
    .flatMap((depth) => container.nodesByDepth[depth] ?? []);

/**
 * Recomputed from the actual inputs: inside a nested or shared layer the symbolic shape may be another call's. Asked for
 * one sample, because tfjs leaves a size of Reshape open as soon as any other one is, the batch included.
 */
function outputShape(layer: Layer, inputs: readonly TensorFacts[]): Shape {
  const shapes = inputs.map((input) => [1, ...input.shape.slice(1)]);
  const [single] = shapes;
  const result = layer.computeOutputShape(shapes.length === 1 && single !== undefined ? single : shapes);
  const sample = Array.isArray(result[0]) ? result[0] : result;
  return [null, ...sample.slice(1).map((dim) => (typeof dim === 'number' ? dim : null))];
}

function weightsOf(layer: Layer): Record<string, Weight> {
  const entries = layer.weights.map((variable): [string, Weight] => {
    const tensor = variable.read();
    // A copy: the backend may hand out its own memory.
    const data = Float32Array.from(tensor.dataSync());
    return [variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1), { dims: tensor.shape, data }];
  });
  return Object.fromEntries(entries);
}

/** The given name, or the class in snake case where tfjs made the name up (`conv2d_Conv2D7`). */
function plainName(layer: Layer): string {
  const className = layer.getClassName();
  const made = new RegExp(`^(.+)_${className}\\d+$`).exec(layer.name)?.[1];
  const counted = /^(model|sequential)_?\d+$/i.exec(layer.name)?.[1];
  return made ?? counted ?? layer.name;
}

/** Appends _2, _3, … to names that were given out before. */
function uniqueNames(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    let name = wanted;
    for (let count = 2; taken.has(name); count += 1) name = `${wanted}_${count}`;
    taken.add(name);
    return name;
  };
}
