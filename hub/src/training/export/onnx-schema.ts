/**
 * The messages and field numbers of ONNX IR version 8 that the exporter writes, as a protobufjs descriptor.
 * Source: onnx.proto of ONNX 1.12 (the wire format is the same in the proto2 and proto3 renderings).
 */
const field = (id: number, type: string) => ({ id, type });
const list = (id: number, type: string) => ({ id, type, rule: 'repeated' });

export const onnxSchema = {
  nested: {
    onnx: {
      nested: {
        ModelProto: {
          fields: {
            irVersion: field(1, 'int64'),
            producerName: field(2, 'string'),
            producerVersion: field(3, 'string'),
            graph: field(7, 'GraphProto'),
            opsetImport: list(8, 'OperatorSetIdProto'),
            metadataProps: list(14, 'StringStringEntryProto'),
          },
        },
        OperatorSetIdProto: { fields: { domain: field(1, 'string'), version: field(2, 'int64') } },
        StringStringEntryProto: { fields: { key: field(1, 'string'), value: field(2, 'string') } },
        GraphProto: {
          fields: {
            node: list(1, 'NodeProto'),
            name: field(2, 'string'),
            initializer: list(5, 'TensorProto'),
            input: list(11, 'ValueInfoProto'),
            output: list(12, 'ValueInfoProto'),
          },
        },
        NodeProto: {
          fields: {
            input: list(1, 'string'),
            output: list(2, 'string'),
            name: field(3, 'string'),
            opType: field(4, 'string'),
            attribute: list(5, 'AttributeProto'),
          },
        },
        AttributeProto: {
          fields: {
            name: field(1, 'string'),
            f: field(2, 'float'),
            i: field(3, 'int64'),
            s: field(4, 'bytes'),
            ints: list(8, 'int64'),
            type: field(20, 'int32'),
          },
        },
        TensorProto: {
          fields: {
            dims: list(1, 'int64'),
            dataType: field(2, 'int32'),
            name: field(8, 'string'),
            rawData: field(9, 'bytes'),
          },
        },
        ValueInfoProto: { fields: { name: field(1, 'string'), type: field(2, 'TypeProto') } },
        TypeProto: { fields: { tensorType: field(1, 'TensorTypeProto') } },
        TensorTypeProto: { fields: { elemType: field(1, 'int32'), shape: field(2, 'TensorShapeProto') } },
        TensorShapeProto: { fields: { dim: list(1, 'DimensionProto') } },
        DimensionProto: { fields: { dimValue: field(1, 'int64'), dimParam: field(2, 'string') } },
      },
    },
  },
};

/** TensorProto.DataType. */
export const DATA_TYPE = { float32: 1, int64: 7 } as const;
/** AttributeProto.AttributeType. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;
