import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from '../model-session.ts';
import type { Answer, Post } from './https-transport.ts';
import { dimsIn, isObject, type JsonObject, jsonObject, listIn } from './json-answer.ts';
import type { Inference, ServedTensor, WantedOutput } from './remote-model.ts';

/** Header of the binary tensor data extension: how many bytes at the beginning of a body are JSON. */
export const HEADER_LENGTH = 'inference-header-content-length';

/** A request of the Open Inference Protocol (KServe v2), all of it JSON. */
export function jsonRequest(inputs: readonly ModelTensor[], outputs: readonly WantedOutput[]): Post {
  const tensors = inputs.map(({ name, dims, data }) => {
    const head = JSON.stringify({ name, shape: dims, datatype: 'FP32' });
    return `${head.slice(0, -1)},"data":[${Array.prototype.join.call(data, ',')}]}`;
  });
  const wanted = JSON.stringify(outputs.map(({ name }) => ({ name })));
  const body = Buffer.from(`{"inputs":[${tensors.join(',')}],"outputs":${wanted}}`);
  return { contentType: 'application/json', body };
}

/** The same with the values behind the JSON, as bytes (binary tensor data extension), and asking for an answer like it. */
export function binaryRequest(inputs: readonly ModelTensor[], outputs: readonly WantedOutput[]): Post {
  const head = Buffer.from(
    JSON.stringify({
      inputs: inputs.map(({ name, dims, data }) => ({
        ...{ name, shape: dims, datatype: 'FP32' },
        parameters: { binary_data_size: data.byteLength },
      })),
      outputs: outputs.map(({ name }) => ({ name, parameters: { binary_data: true } })),
    }),
  );
  const values = inputs.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return {
    contentType: 'application/octet-stream',
    headers: { [HEADER_LENGTH]: String(head.length) },
    body: Buffer.concat([head, ...values]),
  };
}

/**
 * The outputs of an answer, each by its JSON or from the bytes behind it, whichever way the server chose.
 *
 * @throws CodedError `remote-answer-invalid`, `inference-output-invalid`
 */
export function readInference({ headers, body }: Answer): Inference {
  const length = headers[HEADER_LENGTH];
  const headBytes = length === undefined ? body.length : Number(length);
  if (!Number.isSafeInteger(headBytes) || headBytes < 0 || headBytes > body.length)
    throw new CodedError('remote-answer-invalid', `its JSON is to have ${String(length)} of ${body.length} bytes`);
  const answer = jsonObject(body.subarray(0, headBytes));
  let at = headBytes;
  const tensors = listIn(answer, 'outputs').map((one): ServedTensor => {
    const { tensor, binaryBytes } = headOf(one);
    if (binaryBytes === undefined) return { ...tensor, data: valuesOf(tensor.name, one as JsonObject) };
    if (at + binaryBytes > body.length)
      throw new CodedError('remote-answer-invalid', `the values of ${tensor.name} are cut short`);
    const data = body.subarray(at, at + binaryBytes);
    at += binaryBytes;
    return { ...tensor, data };
  });
  if (at !== body.length)
    throw new CodedError('remote-answer-invalid', `${body.length - at} bytes belong to no output`);
  const version = answer['model_version'];
  return { outputs: tensors, ...(typeof version === 'string' && version !== '' && { version }) };
}

function headOf(value: unknown): {
  readonly tensor: Omit<ServedTensor, 'data'>;
  readonly binaryBytes: number | undefined;
} {
  const { name, datatype, shape, parameters } = isObject(value) ? value : ({} as JsonObject);
  const dims = dimsIn(shape);
  if (typeof name !== 'string' || typeof datatype !== 'string' || dims === undefined)
    throw new CodedError('remote-answer-invalid', 'an output has no name, datatype or shape');
  const size = isObject(parameters) ? parameters['binary_data_size'] : undefined;
  if (size === undefined) return { tensor: { name, datatype, dims }, binaryBytes: undefined };
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new CodedError('remote-answer-invalid', `${name} has a binary_data_size that is none`);
  return { tensor: { name, datatype, dims }, binaryBytes: size };
}

/** Flat, row-major; some servers nest them. */
const valuesOf = (name: string, tensor: JsonObject): readonly unknown[] => {
  const data = tensor['data'];
  if (!Array.isArray(data)) throw new CodedError('remote-answer-invalid', `${name} has no data`);
  return Array.isArray(data[0]) ? (data.flat(Number.POSITIVE_INFINITY) as unknown[]) : (data as unknown[]);
};
