import type { Behaviour } from './behaviour.ts';
import type { Model, Tensor } from './model.ts';
import { type Asked, json, type Reply } from './reply.ts';

const DIGEST_KEY = 'collimator_release_sha256';
const LENGTH = 'inference-header-content-length';

type Input = {
  readonly name: string;
  readonly shape: number[];
  readonly datatype: string;
  readonly data?: number[];
  readonly parameters?: { readonly binary_data_size?: number };
};
type Request = {
  readonly id?: string;
  readonly inputs: readonly Input[];
  readonly outputs?: readonly { readonly name: string; readonly parameters?: { readonly binary_data?: boolean } }[];
  readonly parameters?: { readonly binary_data_output?: boolean };
};

/** The HTTP side of the Open Inference Protocol with Triton's extensions for binary tensors and model configuration. */
export async function kserveV2({ method, path, headers, body }: Asked, model: Model, now: Behaviour): Promise<Reply> {
  if (path === '/v2/health/live' || path === '/v2/health/ready') return json(200, {});
  if (path === '/v2') return json(200, { name: 'fake', version: '0', extensions: now.extensions });
  const match = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(\/[a-z]+)?$/.exec(path);
  const [, name = '', version, what = ''] = match ?? [];
  if (match === null) return json(404, { error: 'not found' });
  if (name !== model.name || (version !== undefined && version !== now.version))
    return json(404, { error: `unknown model ${name}` });
  if (method === 'GET' && what === '/ready') return json(200, {});
  if (method === 'GET' && what === '') return json(200, metadata(model, now));
  if (method === 'GET' && what === '/config') return json(200, configuration(model, now));
  if (method !== 'POST' || what !== '/infer') return json(405, { error: 'no such method' });
  return infer(headers, body, model, now);
}

const metadata = ({ name, input, output, itemDims }: Model, now: Behaviour) => ({
  ...{ name, versions: [now.version], platform: 'onnxruntime_onnx' },
  inputs: [{ name: input, datatype: 'FP32', shape: [-1, ...itemDims] }],
  outputs: [{ name: output, datatype: now.datatype, shape: [-1, ...itemDims] }],
  ...(now.digestIn === 'metadata' &&
    now.releaseSha256 !== undefined && { parameters: { [DIGEST_KEY]: now.releaseSha256 } }),
});

const configuration = ({ name }: Model, now: Behaviour) => ({
  ...{ name, platform: 'onnxruntime_onnx', backend: 'onnxruntime', max_batch_size: 0 },
  ...(now.digestIn === 'configuration' &&
    now.releaseSha256 !== undefined && { parameters: { [DIGEST_KEY]: { string_value: now.releaseSha256 } } }),
});

async function infer(headers: Asked['headers'], body: Buffer, model: Model, now: Behaviour): Promise<Reply> {
  const headBytes = headers[LENGTH] === undefined ? body.length : Number(headers[LENGTH]);
  const request = JSON.parse(body.subarray(0, headBytes).toString('utf8')) as Request;
  const [input, ...others] = request.inputs;
  if (input === undefined || others.length > 0 || input.name !== model.input)
    return json(400, { error: `the model takes ${model.input}` });
  if (input.datatype !== 'FP32' || input.shape.slice(1).join('×') !== model.itemDims.join('×'))
    return json(400, { error: `${input.name} has another datatype or shape` });
  const data = valuesOf(input, body.subarray(headBytes));
  if (data.length !== input.shape.reduce((all, size) => all * size, 1))
    return json(400, { error: `${input.name} has ${data.length} values` });
  const answer = await model.run({ dims: input.shape, data });
  return reply(request, answer, model, now);
}

function valuesOf({ data, parameters }: Input, binary: Buffer): Float32Array {
  const size = parameters?.binary_data_size;
  return size === undefined
    ? Float32Array.from(data ?? [])
    : new Float32Array(new Uint8Array(binary.subarray(0, size)).buffer);
}

function reply(request: Request, tensor: Tensor, { name, output }: Model, now: Behaviour): Reply {
  const { dims, data } = spoilt(tensor, now);
  const wanted = request.outputs?.find((one) => one.name === output);
  const binary = wanted?.parameters?.binary_data ?? request.parameters?.binary_data_output ?? false;
  const head = { model_name: name, model_version: now.version, ...(request.id !== undefined && { id: request.id }) };
  const described = { name: output, datatype: now.datatype, shape: dims };
  // As MLServer does, since JSON has no word for it.
  const plain = Array.from(data, (value) => (Number.isFinite(value) ? value : null));
  if (!binary) return json(200, { ...head, outputs: [{ ...described, data: plain }] });
  const bytes = bytesOf(data, now.datatype);
  const headJson = Buffer.from(
    JSON.stringify({ ...head, outputs: [{ ...described, parameters: { binary_data_size: bytes.length } }] }),
  );
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', [LENGTH]: String(headJson.length) },
    body: Buffer.concat([headJson, bytes]),
  };
}

/** The faults that are in the values themselves. */
export function spoilt({ dims, data }: Tensor, { fault, bias, datatype }: Behaviour): Tensor {
  const values = Float32Array.from(data, (value) => (datatype === 'INT64' ? Math.round(value + bias) : value + bias));
  if (fault === 'nan') values[values.length >> 1] = Number.NaN;
  if (fault !== 'wrong-shape') return { dims, data: values };
  const [batch = 1, ...rest] = dims;
  return {
    dims: [batch + 1, ...rest],
    data: Float32Array.from([...values, ...values.subarray(0, values.length / batch)]),
  };
}

function bytesOf(values: Float32Array, datatype: Behaviour['datatype']): Buffer {
  switch (datatype) {
    case 'FP32':
      return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    case 'FP64':
      return Buffer.from(Float64Array.from(values).buffer);
    case 'INT64':
      return Buffer.from(BigInt64Array.from([...values].map((value) => BigInt(Math.round(value)))).buffer);
    case 'FP16':
      return Buffer.from(Uint16Array.from(values, halfBits).buffer);
  }
}

/** Rounds to binary16; what a server that computes in half precision gives. Normal numbers and zero only. */
function halfBits(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  const bits = view.getUint32(0);
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return (bits >>> 16) & 0x8000;
  return ((bits >>> 16) & 0x8000) | ((exponent << 10) + (((bits & 0x7fffff) + 0x1000) >>> 13));
}
