import type { TfServingServer } from '@collimator/shared/contracts/agent-config/remote-device';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from '../model-session.ts';
import { answerBytesMax, JSON_BYTES_A_VALUE_MAX } from './answer-bound.ts';
import { isObject, type JsonObject, jsonObject, listIn } from './json-answer.ts';
import { flattened, nestedJson } from './nested-json.ts';
import type { RemoteModel, ServedTensor, TensorFacts, WantedOutput } from './remote-model.ts';
import type { ServerExchange } from './server-exchange.ts';

type Named = { readonly model: string; readonly version?: string | undefined };

/** Of TensorFlow's types, those that the other protocol has too. */
const datatypes: Readonly<Record<string, string>> = {
  DT_FLOAT: 'FP32',
  DT_DOUBLE: 'FP64',
  DT_HALF: 'FP16',
  DT_BFLOAT16: 'BF16',
  DT_INT64: 'INT64',
  DT_INT32: 'INT32',
  DT_INT16: 'INT16',
  DT_INT8: 'INT8',
  DT_UINT8: 'UINT8',
  DT_UINT16: 'UINT16',
  DT_UINT32: 'UINT32',
  DT_UINT64: 'UINT64',
  DT_BOOL: 'BOOL',
};

/**
 * A model behind TensorFlow Serving's REST predict, in its columnar or its row format. The datatypes of the outputs stand
 * in its metadata only; there is no place for a release digest, so such a model is never attested.
 */
export function createTfServingModel(server: TfServingServer, named: Named, exchange: ServerExchange): RemoteModel {
  const path = `/v1/models/${encodeURIComponent(named.model)}${
    named.version === undefined ? '' : `/versions/${encodeURIComponent(named.version)}`
  }`;
  let outputTypes: ReadonlyMap<string, string> = new Map();

  return {
    name: named.model,
    async describe() {
      const { model_spec: spec, metadata } = jsonObject((await exchange.get(`${path}/metadata`)).body);
      const definitions = within(within(metadata, 'signature_def'), 'signature_def');
      const signature = within(definitions, server.signature);
      if (signature === undefined)
        throw new CodedError('remote-model-unfit', `${named.model} has no signature ${server.signature}`);
      const [inputs, outputs] = [tensorsOf(signature['inputs']), tensorsOf(signature['outputs'])];
      outputTypes = new Map(outputs.map(({ name, datatype }) => [name, datatype]));
      const version = isObject(spec) ? spec['version'] : undefined;
      return { inputs, outputs, ...(typeof version === 'string' && { versions: [version] }) };
    },
    async infer(inputs, outputs) {
      const signature = JSON.stringify(server.signature);
      const tensors = server.tensors === 'row' ? `"instances":${rows(inputs)}` : `"inputs":${columns(inputs)}`;
      const body = Buffer.from(`{"signature_name":${signature},${tensors}}`);
      const bytesMax = answerBytesMax(outputs, JSON_BYTES_A_VALUE_MAX);
      const answer = await exchange.post(`${path}:predict`, { contentType: 'application/json', body }, bytesMax);
      const object = jsonObject(answer.body);
      const read = server.tensors === 'row' ? fromRows : fromColumns;
      return {
        outputs: read(object, outputs).map(({ name, nested }): ServedTensor => {
          return { name, datatype: outputTypes.get(name) ?? 'FP32', ...flattened(nested) };
        }),
      };
    },
  };
}

const columns = (inputs: readonly ModelTensor[]): string =>
  `{${inputs.map(({ name, data, dims }) => `${JSON.stringify(name)}:${nestedJson(data, dims)}`).join(',')}}`;

/** One object for each item of the batch. */
function rows(inputs: readonly ModelTensor[]): string {
  const batch = inputs[0]?.dims[0] ?? 0;
  const row = (index: number): ModelTensor[] =>
    inputs.map(({ name, data, dims: [, ...dims] }) => {
      const step = dims.reduce((product, size) => product * size, 1);
      return { name, dims, data: data.subarray(index * step, (index + 1) * step) };
    });
  return `[${Array.from({ length: batch }, (_, i) => columns(row(i))).join(',')}]`;
}

type Nested = { readonly name: string; readonly nested: unknown };

/** `outputs` is the tensor itself where the model has one only. */
function fromColumns(answer: JsonObject, wanted: readonly WantedOutput[]): readonly Nested[] {
  const { outputs } = answer;
  if (isObject(outputs))
    return wanted.flatMap(({ name }) => (outputs[name] === undefined ? [] : [{ name, nested: outputs[name] }]));
  if (outputs === undefined || wanted.length !== 1)
    throw new CodedError('remote-answer-invalid', 'outputs holds no tensors by name');
  return wanted.map(({ name }) => ({ name, nested: outputs }));
}

/** `predictions` has an item for each of the batch: the tensor itself where the model has one only. */
function fromRows(answer: JsonObject, wanted: readonly WantedOutput[]): readonly Nested[] {
  const predictions = listIn(answer, 'predictions');
  return wanted.map(({ name }) => ({
    name,
    nested: predictions.map((one) => {
      if (isObject(one)) return one[name];
      if (wanted.length === 1) return one;
      throw new CodedError('remote-answer-invalid', 'predictions holds no tensors by name');
    }),
  }));
}

const within = (value: unknown, key: string): JsonObject | undefined => {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : undefined;
};

/** Sizes are 64-bit integers, which protobuf's JSON writes as strings. */
function tensorsOf(value: unknown): readonly TensorFacts[] {
  return Object.entries(isObject(value) ? value : {}).map(([name, one]) => {
    const type = isObject(one) ? String(one['dtype']) : '';
    const shape = within(one, 'tensor_shape');
    const dims = Array.isArray(shape?.['dim']) ? (shape['dim'] as readonly unknown[]) : [];
    return {
      name,
      datatype: datatypes[type] ?? type,
      dims: dims.map((dim) => (isObject(dim) ? Number(dim['size']) : -1)),
    };
  });
}
