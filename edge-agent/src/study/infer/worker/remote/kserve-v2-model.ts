import type { KServeV2Server } from '@collimator/shared/contracts/agent-config/remote-device';
import { answerBytesMax, JSON_BYTES_A_VALUE_MAX } from './answer-bound.ts';
import { VALUE_BYTES_MAX } from './float-values.ts';
import { dimsIn, isObject, jsonObject } from './json-answer.ts';
import { binaryRequest, jsonRequest, readInference } from './kserve-v2-tensors.ts';
import { releaseDigestIn } from './release-digest.ts';
import type { RemoteModel, TensorFacts } from './remote-model.ts';
import type { ServerExchange } from './server-exchange.ts';

type Named = { readonly model: string; readonly version?: string | undefined };

/**
 * A model behind the Open Inference Protocol (KServe v2): Triton, OpenVINO Model Server, MLServer, KServe. Tensors
 * travel as bytes where the server says that it knows the binary tensor data extension, else as JSON; some servers know it
 * and do not say so, which the configuration can.
 */
export function createKServeV2Model(server: KServeV2Server, named: Named, exchange: ServerExchange): RemoteModel {
  const path = `/v2/models/${encodeURIComponent(named.model)}${
    named.version === undefined ? '' : `/versions/${encodeURIComponent(named.version)}`
  }`;
  /** Asked again after the connection broke: another server may answer there now. */
  let known: { readonly breaks: number; readonly extensions: ReadonlySet<unknown> } | undefined;

  async function extensions(): Promise<ReadonlySet<unknown>> {
    if (known?.breaks === exchange.breaks()) return known.extensions;
    const answer = await exchange.find('/v2');
    const list = answer === undefined ? undefined : jsonObject(answer.body)['extensions'];
    known = { breaks: exchange.breaks(), extensions: new Set(Array.isArray(list) ? (list as unknown[]) : []) };
    return known.extensions;
  }

  const binary = async (): Promise<boolean> =>
    server.tensors === 'auto' ? (await extensions()).has('binary_tensor_data') : server.tensors === 'binary';

  return {
    name: named.model,
    async describe() {
      const metadata = jsonObject((await exchange.get(path)).body);
      const configured = (await extensions()).has('model_configuration')
        ? await exchange.find(`${path}/config`)
        : undefined;
      const configuration = configured === undefined ? {} : jsonObject(configured.body);
      const releaseSha256 = releaseDigestIn(metadata, configuration);
      const { versions } = metadata;
      const [inputs, outputs] = [tensorsIn(metadata['inputs']), tensorsIn(metadata['outputs'])];
      return {
        ...(Array.isArray(versions) && { versions: versions.map(String) }),
        ...(releaseSha256 !== undefined && { releaseSha256 }),
        ...(inputs !== undefined && { inputs }),
        ...(outputs !== undefined && { outputs }),
      };
    },
    async infer(inputs, outputs) {
      const asBytes = await binary();
      const request = asBytes ? binaryRequest(inputs, outputs) : jsonRequest(inputs, outputs);
      // A server that was asked for bytes may still answer in JSON.
      const bytesMax = answerBytesMax(outputs, Math.max(VALUE_BYTES_MAX, JSON_BYTES_A_VALUE_MAX));
      return readInference(await exchange.post(`${path}/infer`, request, bytesMax));
    },
  };
}

/** Undefined where the server does not describe them, as MLServer does not unless its model says so. */
function tensorsIn(value: unknown): readonly TensorFacts[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const tensors = (value as readonly unknown[]).flatMap((one): TensorFacts[] => {
    const { name, datatype, shape } = isObject(one) ? one : {};
    const dims = dimsIn(shape);
    return typeof name === 'string' && typeof datatype === 'string' && dims !== undefined
      ? [{ name, datatype, dims }]
      : [];
  });
  return tensors.length === value.length ? tensors : undefined;
}
