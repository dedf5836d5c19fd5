import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Graph, Initializer, OnnxNode } from '@collimator/hub/training/export/graph';
import { ints, int } from '@collimator/hub/training/export/graph';
import { encodeModel } from '@collimator/hub/training/export/onnx-proto';
import { releaseDeclaration, type ReleaseDeclaration, type Stage, taskOf } from '@collimator/shared/contracts/release';

// Works from the sources and from dist alike.
const here = fileURLToPath(import.meta.url);
const examples = `${here.slice(0, here.lastIndexOf('/test/'))}/edge-agent/docs/examples/pipelines`;

export const exampleNames = [
  ...['classification', 'detection', 'segmentation-2d', 'segmentation-3d'],
  ...['regression', 'region-then-volume', 'slices-then-detection', 'radiograph'],
] as const;
export type ExampleName = (typeof exampleNames)[number];

export const readExample = (name: ExampleName): ReleaseDeclaration =>
  releaseDeclaration.parse(JSON.parse(readFileSync(`${examples}/${name}.json`, 'utf8')), name);

const header = {
  irVersion: 8,
  opset: 17,
  producer: { name: 'collimator-test', version: '1' },
  metadata: {},
};

/** A tiny network with the inputs and outputs that a stage declares; what it says follows from how bright the image is. */
export function modelOf(stage: Stage): Uint8Array {
  const { nodes, initializers } = networks[taskOf(stage)](stage);
  const graph: Graph = {
    ...{ name: stage.name, nodes, initializers },
    inputs: stage.inputs.map(({ name, shape }) => ({ name, dims: shape })),
    outputs: stage.outputs.map(({ name, shape }) => ({ name, dims: shape })),
  };
  return encodeModel(graph, header);
}

type Network = Pick<Graph, 'nodes' | 'initializers'>;
const node = (
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({ name: output, opType, inputs, outputs: [output], attributes });
const floats = (name: string, dims: readonly number[], values: readonly number[]): Initializer => ({
  ...{ name, dims },
  data: Float32Array.from(values),
});
const whole = (name: string, values: readonly number[]): Initializer => ({
  ...{ name, dims: [values.length] },
  data: BigInt64Array.from(values.map(BigInt)),
});
const channels = (stage: Stage): number => stage.inputs[0]?.shape[1] as number;

const networks: Readonly<Record<ReturnType<typeof taskOf>, (stage: Stage) => Network>> = {
  /** Each channel is a line of the value of its voxel: the brighter, the higher the later channels. */
  segmentation(stage) {
    const [input, output] = [stage.inputs[0]?.name ?? '', stage.outputs[0]?.name ?? ''];
    const out = stage.outputs[0]?.shape[1] as number;
    const sides = (stage.inputs[0]?.shape.length ?? 0) - 2;
    const lines = out === 1 ? [[8, -2]] : Array.from({ length: out }, (_, i) => [10 * i, -2.5 * i * i]);
    return {
      nodes: [node('Conv', [input, 'weight', 'bias'], output)],
      initializers: [
        floats(
          'weight',
          [out, channels(stage), ...Array.from({ length: sides }, () => 1)],
          lines.map(([slope]) => slope as number),
        ),
        floats(
          'bias',
          [out],
          lines.map(([, offset]) => offset as number),
        ),
      ],
    };
  },
  classification: (stage) => scores(stage, (i) => [1.2 - i, 1.4 - 0.2 * i]),
  regression: (stage) => scores(stage, () => [1, 0]),
  /** A box for each cell of a grid of 4 × 4, with the mean of the cell as its score. */
  detection(stage) {
    const [input, boxes, values] = [
      stage.inputs[0]?.name ?? '',
      stage.outputs[0]?.name ?? '',
      stage.outputs[1]?.name ?? '',
    ];
    const cell = (stage.inputs[0]?.shape[2] as number) / 4;
    const places = Array.from({ length: 16 }, (_, i) => [
      ((i % 4) + 0.5) / 4,
      (Math.floor(i / 4) + 0.5) / 4,
      0.25,
      0.3,
    ]);
    return {
      nodes: [
        node('AveragePool', [input], 'cells', { kernel_shape: ints([cell, cell]), strides: ints([cell, cell]) }),
        node('Reshape', ['cells', 'list'], 'means'),
        node('Mul', ['means', 'slopes'], 'scaled'),
        node('Add', ['scaled', 'offsets'], values),
        node('Mul', ['means', 'nothing'], 'zeros'),
        node('Add', ['zeros', 'places'], boxes),
      ],
      initializers: [
        whole('list', [-1, 16, 1]),
        floats('slopes', [1, 1, 2], [8, -8]),
        floats('offsets', [1, 1, 2], [-2, -3]),
        floats('nothing', [1, 1, 4], [0, 0, 0, 0]),
        floats('places', [1, 16, 4], places.flat()),
      ],
    };
  },
};

/** The mean over all voxels, scaled and shifted for each output. */
function scores(stage: Stage, line: (output: number) => readonly [number, number]): Network {
  const [input, output] = [stage.inputs[0]?.name ?? '', stage.outputs[0]?.name ?? ''];
  const [from, to] = [channels(stage), stage.outputs[0]?.shape[1] as number];
  const lines = Array.from({ length: to }, (_, i) => line(i));
  return {
    nodes: [
      node('GlobalAveragePool', [input], 'pooled'),
      node('Flatten', ['pooled'], 'means', { axis: int(1) }),
      node('Gemm', ['means', 'weight', 'bias'], output),
    ],
    initializers: [
      floats(
        'weight',
        [from, to],
        Array.from({ length: from * to }, (_, i) => (lines[i % to] as readonly [number, number])[0] / from),
      ),
      floats(
        'bias',
        [to],
        lines.map(([, offset]) => offset),
      ),
    ],
  };
}

/** The detection example, for radiographs: each image in its own range of values, whole and as large as the model takes. */
export function radiographDetection(): ReleaseDeclaration {
  const example = readExample('detection');
  return {
    ...example,
    name: 'radiograph-detection',
    selector: readExample('radiograph').selector,
    stages: example.stages.map((stage) => ({
      ...stage,
      preprocessing: [
        { op: 'clip-percentiles', scope: 'slice', low: 1, high: 99 },
        { op: 'scale', from: 'clip', to: [0, 1] },
        { op: 'resize', size: [64, 64], interpolation: 'bilinear', antialias: true },
      ],
    })),
  };
}
