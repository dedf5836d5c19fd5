import type { Behaviour } from './behaviour.ts';
import { spoilt } from './kserve-v2.ts';
import type { Model } from './model.ts';
import { type Asked, json, type Reply } from './reply.ts';

/** TensorFlow Serving's REST API: status, metadata and predict, in rows and in columns. Errors are `{error: …}`. */
export async function tfServing({ method, path, body }: Asked, model: Model, now: Behaviour): Promise<Reply> {
  const match = /^\/v1\/models\/([^/:]+)(?:\/versions\/(\d+))?(\/metadata|:predict)?$/.exec(path);
  const [, name = '', version, what] = match ?? [];
  if (match === null) return json(404, { error: 'Malformed request' });
  if (name !== model.name || (version !== undefined && version !== now.version))
    return json(404, { error: `Servable not found for request: Latest(${name})` });
  if (method === 'GET' && what === undefined) return json(200, status(now));
  if (method === 'GET' && what === '/metadata') return json(200, metadata(model, now));
  return predict(body, model, now);
}

const status = (now: Behaviour) => ({
  model_version_status: [{ version: now.version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } }],
});

const types = { FP32: 'DT_FLOAT', FP16: 'DT_HALF', FP64: 'DT_DOUBLE', INT64: 'DT_INT64' } as const;

function metadata({ name, input, output, itemDims }: Model, now: Behaviour) {
  const tensor = (dtype: string) => ({
    dtype,
    tensor_shape: { dim: [-1, ...itemDims].map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
    name: 'StatefulPartitionedCall:0',
  });
  const signature = {
    inputs: { [input]: tensor('DT_FLOAT') },
    outputs: { [output]: tensor(types[now.datatype]) },
    method_name: 'tensorflow/serving/predict',
  };
  return {
    model_spec: { name, signature_name: '', version: now.version },
    metadata: { signature_def: { signature_def: { serving_default: signature } } },
  };
}

type Nested = number | readonly Nested[];
type Request = {
  readonly signature_name?: string;
  readonly instances?: readonly (Nested | { readonly [name: string]: Nested })[];
  readonly inputs?: Nested | { readonly [name: string]: Nested };
};

async function predict(body: Buffer, model: Model, now: Behaviour): Promise<Reply> {
  const request = JSON.parse(body.toString('utf8')) as Request;
  if ((request.signature_name ?? 'serving_default') !== 'serving_default')
    return json(400, { error: 'Serving signature name not found' });
  if ((request.instances === undefined) === (request.inputs === undefined))
    return json(400, { error: "JSON Value must have either 'instances' or 'inputs'" });
  const named = (value: Nested | { readonly [name: string]: Nested } | undefined): Nested | undefined =>
    typeof value === 'object' && !Array.isArray(value)
      ? (value as { [name: string]: Nested })[model.input]
      : (value as Nested);
  const nested =
    request.instances === undefined ? named(request.inputs) : request.instances.map((one) => named(one) as Nested);
  if (nested === undefined) return json(400, { error: `missing input ${model.input}` });
  const dims: number[] = [];
  for (let at: Nested | undefined = nested; Array.isArray(at); at = (at as readonly Nested[])[0]) dims.push(at.length);
  const data = Float32Array.from(([nested] as unknown[]).flat(Number.POSITIVE_INFINITY) as number[]);
  if (dims.slice(1).join('×') !== model.itemDims.join('×')) return json(400, { error: 'incompatible shape' });
  const answer = spoilt(await model.run({ dims, data }), now);
  const tensor = nest(answer.data, answer.dims);
  return text(request.instances === undefined ? { outputs: tensor } : { predictions: tensor });
}

function nest(data: Float32Array, [size = 0, ...rest]: readonly number[]): Nested {
  if (rest.length === 0) return [...data.subarray(0, size)];
  const step = rest.reduce((all, one) => all * one, 1);
  return Array.from({ length: size }, (_, i) => nest(data.subarray(i * step, (i + 1) * step), rest));
}

/** Indented, and with a bare NaN, as RapidJSON writes them there. */
function text(value: object): Reply {
  const written = JSON.stringify(value, (_, one: unknown) => (Number.isNaN(one) ? '~NaN~' : one), 4);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(written.replaceAll('"~NaN~"', 'NaN')),
  };
}
