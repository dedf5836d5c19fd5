import fc from 'fast-check';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { type Attributes, type Graph, int, ints, type OnnxNode, withoutUnusedInitializers } from './graph.ts';
import { encodeModel } from './onnx-proto.ts';
import { difference } from './parity.ts';
import { compose, identity, inverse, isIdentity, NCHW_TO_NHWC, NHWC_TO_NCHW, transposed } from './permutation.ts';
import { eliminateTransposes, transposeCount } from './transpose-elimination.ts';

const node = (opType: string, inputs: string[], output: string, attributes: Attributes = {}): OnnxNode => ({
  name: output,
  opType,
  inputs,
  outputs: [output],
  attributes,
});
const toFront = (from: string, to: string) => node('Transpose', [from], to, { perm: ints(NHWC_TO_NCHW) });
const toBack = (from: string, to: string) => node('Transpose', [from], to, { perm: ints(NCHW_TO_NHWC) });
const graphOf = (nodes: OnnxNode[], outputs = ['y']): Graph => ({
  name: 'g',
  nodes,
  initializers: [{ name: 'six', dims: [], data: Float32Array.of(6) }],
  inputs: [{ name: 'x', dims: ['batch', 4, 5, 2] }],
  outputs: outputs.map((name) => ({ name, dims: ['batch', 4, 5, 2] })),
});
const operators = (graph: Graph) => graph.nodes.map((item) => item.opType);

describe('permutations', () => {
  const permutation = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });

  test('a permutation and its inverse cancel, in both orders', () => {
    fc.assert(
      fc.property(permutation, (p) => {
        expect(isIdentity(compose(p, inverse(p)))).toBe(true);
        expect(compose(inverse(p), p)).toEqual(identity(4));
      }),
    );
  });

  test('composing is transposing twice', () => {
    const dims = [2, 3, 4, 5];
    const data = Float32Array.from({ length: 120 }, (_, index) => index);
    fc.assert(
      fc.property(permutation, permutation, (p, q) => {
        const once = transposed(data, dims, p);
        const twice = transposed(
          once,
          p.map((axis) => dims[axis] ?? 0),
          q,
        );
        expect(twice).toEqual(transposed(data, dims, compose(p, q)));
      }),
    );
  });
});

describe('eliminateTransposes', () => {
  test('an inverse pair goes, through elementwise operators with scalar constants', () => {
    const graph = graphOf([
      toFront('x', 'a'),
      node('Conv', ['a', 'w'], 'b'),
      toBack('b', 'c'),
      node('Clip', ['c', 'six', 'six'], 'd'),
      toFront('d', 'e'),
      node('Conv', ['e', 'w'], 'f'),
      toBack('f', 'y'),
    ]);
    expect(operators(eliminateTransposes(graph))).toEqual(['Transpose', 'Conv', 'Clip', 'Conv', 'Transpose']);
  });

  test('concatenation and softmax get their axis renumbered', () => {
    const graph = graphOf([
      toFront('x', 'a'),
      toBack('a', 'skip'),
      node('Conv', ['a', 'w'], 'b'),
      toBack('b', 'c'),
      node('Concat', ['c', 'c'], 'd', { axis: int(3) }),
      node('Softmax', ['d'], 'y', { axis: int(3) }),
    ]);
    const result = eliminateTransposes(graph);
    expect(operators(result)).toEqual(['Transpose', 'Conv', 'Concat', 'Softmax', 'Transpose']);
    expect(result.nodes[2]?.attributes['axis']).toEqual(int(1));
    expect(result.nodes[3]?.attributes['axis']).toEqual(int(1));
  });

  test('an operator that minds the order gets the order it was written for', () => {
    const graph = graphOf([
      toFront('x', 'a'),
      node('Conv', ['a', 'w'], 'b'),
      toBack('b', 'c'),
      node('Flatten', ['c'], 'y'),
    ]);
    expect(operators(eliminateTransposes(graph))).toEqual(['Transpose', 'Conv', 'Transpose', 'Flatten']);
  });

  test('the same transpose is computed once', () => {
    const graph = graphOf([
      toFront('x', 'a'),
      node('Conv', ['a', 'w'], 'b'),
      toFront('x', 'c'),
      node('Conv', ['c', 'w'], 'd'),
      node('Add', ['b', 'd'], 'y'),
    ]);
    expect(transposeCount(eliminateTransposes(graph))).toBe(1);
  });

  test('an output that is an input, and a value that is two outputs, keep their names', () => {
    const graph = graphOf(
      [
        node('Identity', ['x'], 'y'),
        node('Relu', ['x'], 'r'),
        node('Identity', ['r'], 'u'),
        node('Identity', ['r'], 'v'),
      ],
      ['y', 'u', 'v'],
    );
    const result = eliminateTransposes(graph);
    expect(result.nodes.flatMap((item) => item.outputs).sort()).toEqual(['u', 'v', 'y']);
  });
});

/** One random step: which operator, on which earlier value, with what. Indices wrap around. */
type Step = {
  readonly op: string;
  readonly from: number;
  readonly other: number;
  readonly perm: readonly number[];
  readonly axis: number;
};

const zero = { name: 'zero', dims: [], data: Float32Array.of(0) };

/** A graph of rank 4 tensors that grows by one step at a time; the last three values are outputs. */
function randomGraph(steps: readonly Step[]): Graph {
  const values = [{ name: 'x', dims: [2, 3, 4, 5] }];
  const nodes: OnnxNode[] = [];
  for (const { op, from, other, perm, axis } of steps) {
    const source = values[from % values.length];
    if (source === undefined) throw new Error('there is always a first value');
    const alike = values.filter((value) => value.dims.join() === source.dims.join());
    const partner = alike[other % alike.length] ?? source;
    const output = `v${values.length}`;
    const concatenated = source.dims.map((dim, i) => (i === axis ? 2 * dim : dim));
    const made = {
      Transpose: [node('Transpose', [source.name], output, { perm: ints(perm) }), perm.map((i) => source.dims[i] ?? 0)],
      Relu: [node('Relu', [source.name], output), source.dims],
      Clip: [node('Clip', [source.name, 'zero', 'six'], output), source.dims],
      Add: [node('Add', [source.name, partner.name], output), source.dims],
      Softmax: [node('Softmax', [source.name], output, { axis: int(axis) }), source.dims],
      Concat: [node('Concat', [source.name, partner.name], output, { axis: int(axis) }), concatenated],
    } satisfies Record<string, [OnnxNode, readonly number[]]>;
    const [added, dims] = made[op as keyof typeof made];
    nodes.push(added);
    values.push({ name: output, dims: [...dims] });
  }
  const graph = { ...graphOf(nodes), inputs: [{ name: 'x', dims: [2, 3, 4, 5] }], outputs: values.slice(1).slice(-3) };
  return withoutUnusedInitializers({ ...graph, initializers: [...graph.initializers, zero] });
}

async function run(graph: Graph) {
  const header = { irVersion: 8, opset: 17, producer: { name: 'test', version: '0' }, metadata: {} };
  // Nothing is optimised, so that our pass is what is compared.
  const session = await InferenceSession.create(encodeModel(graph, header), { graphOptimizationLevel: 'disabled' });
  const data = Float32Array.from({ length: 120 }, (_, index) => Math.sin(index * 1.7) * 8);
  const results = await session.run({ x: new Tensor('float32', data, [2, 3, 4, 5]) });
  await session.release();
  return graph.outputs.map(({ name }) => results[name]);
}

test('random graphs compute the same values after the pass', async () => {
  const step = fc.record({
    op: fc.oneof(
      { weight: 3, arbitrary: fc.constant('Transpose') },
      { weight: 4, arbitrary: fc.constantFrom('Relu', 'Clip', 'Add', 'Softmax', 'Concat') },
    ),
    from: fc.nat(20),
    other: fc.nat(20),
    perm: fc.oneof(fc.constantFrom(NHWC_TO_NCHW, NCHW_TO_NHWC), fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 })),
    axis: fc.nat(3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 10 }), async (steps) => {
      const graph = randomGraph(steps);
      const expected = await run(graph);
      const actual = await run(eliminateTransposes(graph));
      expected.forEach((value, index) => {
        if (!(value?.data instanceof Float32Array)) throw new Error('an output is missing');
        expect(difference({ data: value.data, dims: value.dims }, actual[index])).toBeLessThanOrEqual(1e-6);
      });
    }),
    { numRuns: 150 },
  );
});
