import protobuf from 'protobufjs/light.js';
import type { Attribute, Graph, Initializer, OnnxNode, ValueInfo } from './graph.ts';
import { ATTRIBUTE_TYPE, DATA_TYPE, onnxSchema } from './onnx-schema.ts';

export type ModelHeader = {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: { readonly name: string; readonly version: string };
  readonly metadata: Readonly<Record<string, string>>;
};

/** Writes an ONNX ModelProto. The same graph and header give the same bytes: fields by number, names sorted. */
export function encodeModel(graph: Graph, header: ModelHeader): Uint8Array {
  const modelProto = protobuf.Root.fromJSON(onnxSchema).lookupType('onnx.ModelProto');
  const message = {
    irVersion: header.irVersion,
    producerName: header.producer.name,
    producerVersion: header.producer.version,
    graph: {
      node: graph.nodes.map(nodeProto),
      name: graph.name,
      initializer: graph.initializers.map(tensorProto),
      input: graph.inputs.map(valueInfoProto),
      output: graph.outputs.map(valueInfoProto),
    },
    opsetImport: [{ domain: '', version: header.opset }],
    metadataProps: sortedEntries(header.metadata).map(([key, value]) => ({ key, value })),
  };
  const problem = modelProto.verify(message);
  if (problem !== null) throw new Error(`the graph does not fit the ONNX schema: ${problem}`);
  return Uint8Array.from(modelProto.encode(message).finish());
}

/** By code unit, so that the order is the same in every locale. */
const sortedEntries = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : Number(a > b)));

const nodeProto = (node: OnnxNode) => ({
  input: node.inputs,
  output: node.outputs,
  name: node.name,
  opType: node.opType,
  attribute: sortedEntries(node.attributes).map(([name, attribute]) => ({ name, ...attributeProto(attribute) })),
});

function attributeProto(attribute: Attribute) {
  const type = ATTRIBUTE_TYPE[attribute.type];
  if (attribute.type === 'int') return { type, i: attribute.value };
  if (attribute.type === 'float') return { type, f: attribute.value };
  if (attribute.type === 'ints') return { type, ints: attribute.value };
  return { type, s: new TextEncoder().encode(attribute.value) };
}

function tensorProto({ name, dims, data }: Initializer) {
  const dataType = data instanceof Float32Array ? DATA_TYPE.float32 : DATA_TYPE.int64;
  return { name, dims, dataType, rawData: littleEndian(data) };
}

/** ONNX raw data is little-endian on every machine. */
function littleEndian(data: Initializer['data']): Uint8Array {
  const bytes = new Uint8Array(data.byteLength);
  const view = new DataView(bytes.buffer);
  data.forEach((value: number | bigint, index: number) => {
    if (typeof value === 'bigint') view.setBigInt64(index * 8, value, true);
    else view.setFloat32(index * 4, value, true);
  });
  return bytes;
}

const valueInfoProto = ({ name, dims }: ValueInfo) => ({
  name,
  type: {
    tensorType: {
      elemType: DATA_TYPE.float32,
      shape: { dim: dims.map((dim) => (typeof dim === 'number' ? { dimValue: dim } : { dimParam: dim })) },
    },
  },
});
