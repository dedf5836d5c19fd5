import {
  float,
  type Graph,
  int,
  ints,
  type Initializer,
  type OnnxNode,
  type ValueInfo,
} from '@collimator/hub/training/export/graph';

/** A value on its way through a network: its name and its channels; its sizes follow from the operators. */
export type Value = { readonly name: string; readonly channels: number };

/** Builds a network of random weights, operator by operator; channels come second, two or three spatial axes after. */
export type GraphBuilder = {
  readonly input: Value;
  conv(x: Value, channels: number, kernel: number, stride?: number): Value;
  /** Convolution that doubles the size. */
  upConv(x: Value, channels: number): Value;
  batchNorm(x: Value): Value;
  relu(x: Value): Value;
  concat(...xs: readonly Value[]): Value;
  pool(x: Value, kind: 'MaxPool' | 'AveragePool', kernel: number, stride: number, pad?: number): Value;
  /** Mean over all positions, then one linear layer. */
  classifier(x: Value, labels: number): Value;
  finish(output: Value, dims: ValueInfo['dims']): Graph;
};

/**
 * @param axes spatial axes: 2 or 3
 * @param inputDims of the input, `batch` first
 * @param random in [0, 1), for the weights (He et al. 2015: variance 2 / fan-in, so that activations keep their size)
 */
export function createGraphBuilder(
  name: string,
  axes: 2 | 3,
  inputDims: ValueInfo['dims'],
  random: () => number,
): GraphBuilder {
  const nodes: OnnxNode[] = [];
  const initializers: Initializer[] = [];
  const all = (value: number): number[] => Array.from({ length: axes }, () => value);

  const weights = (dims: readonly number[], fanIn: number): string => {
    const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
    const spread = Math.sqrt(6 / fanIn);
    for (let i = 0; i < data.length; i++) data[i] = (2 * random() - 1) * spread;
    return constant(dims, data);
  };
  const constant = (dims: readonly number[], data: Float32Array): string => {
    const id = `w${initializers.length}`;
    initializers.push({ name: id, dims, data });
    return id;
  };
  const add = (
    opType: string,
    inputs: readonly string[],
    attributes: OnnxNode['attributes'],
    channels: number,
  ): Value => {
    const id = `${opType.toLowerCase()}_${nodes.length}`;
    nodes.push({ name: id, opType, inputs, outputs: [id], attributes });
    return { name: id, channels };
  };

  return {
    input: { name: 'image', channels: inputDims[1] as number },
    conv(x, channels, kernel, stride = 1) {
      const fanIn = x.channels * kernel ** axes;
      const w = weights([channels, x.channels, ...all(kernel)], fanIn);
      const attributes = {
        kernel_shape: ints(all(kernel)),
        strides: ints(all(stride)),
        pads: ints([...all((kernel - 1) >> 1), ...all((kernel - 1) >> 1)]),
      };
      return add('Conv', [x.name, w], attributes, channels);
    },
    upConv(x, channels) {
      const w = weights([x.channels, channels, ...all(2)], x.channels);
      return add('ConvTranspose', [x.name, w], { kernel_shape: ints(all(2)), strides: ints(all(2)) }, channels);
    },
    batchNorm(x) {
      const filled = (value: number): string => constant([x.channels], new Float32Array(x.channels).fill(value));
      const inputs = [x.name, filled(1), filled(0), filled(0), filled(1)];
      return add('BatchNormalization', inputs, { epsilon: float(1e-5) }, x.channels);
    },
    relu: (x) => add('Relu', [x.name], {}, x.channels),
    concat: (...xs) =>
      add(
        'Concat',
        xs.map((x) => x.name),
        { axis: int(1) },
        xs.reduce((sum, x) => sum + x.channels, 0),
      ),
    pool(x, kind, kernel, stride, pad = 0) {
      const attributes = {
        kernel_shape: ints(all(kernel)),
        strides: ints(all(stride)),
        pads: ints([...all(pad), ...all(pad)]),
      };
      return add(kind, [x.name], attributes, x.channels);
    },
    classifier(x, labels) {
      const mean = add('GlobalAveragePool', [x.name], {}, x.channels);
      const flat = add('Flatten', [mean.name], { axis: int(1) }, x.channels);
      const bias = constant([labels], new Float32Array(labels));
      return add('Gemm', [flat.name, weights([x.channels, labels], x.channels), bias], {}, labels);
    },
    finish(output, dims) {
      const last: OnnxNode = {
        name: 'logits',
        opType: 'Identity',
        inputs: [output.name],
        outputs: ['logits'],
        attributes: {},
      };
      return {
        name,
        nodes: [...nodes, last],
        initializers,
        inputs: [{ name: 'image', dims: inputDims }],
        outputs: [{ name: 'logits', dims }],
      };
    },
  };
}
