import type { TorchServeServer } from '@collimator/shared/contracts/agent-config/remote-device';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { answerBytesMax, JSON_BYTES_A_VALUE_MAX } from './answer-bound.ts';
import { jsonObject, listIn } from './json-answer.ts';
import { jsonRequest, readInference } from './kserve-v2-tensors.ts';
import { flattened, nestedJson } from './nested-json.ts';
import type { RemoteModel, ServedTensor, WantedOutput } from './remote-model.ts';
import type { ServerExchange } from './server-exchange.ts';

type Named = { readonly model: string; readonly version?: string | undefined };

/**
 * A model behind TorchServe's REST predict. TorchServe passes bodies to the handler of the model as they are, so it is the
 * configuration that says what travels: with `kserve-v2` what its envelope of that name takes (`service_envelope`), with
 * `instances` plain JSON, `{"instances": [nested arrays]}`, answered by `{"predictions": [nested arrays]}`. It describes
 * no model on its inference address, so such a model is never attested.
 */
export function createTorchServeModel(server: TorchServeServer, named: Named, exchange: ServerExchange): RemoteModel {
  const path = `/predictions/${encodeURIComponent(named.model)}${
    named.version === undefined ? '' : `/${encodeURIComponent(named.version)}`
  }`;

  return {
    name: named.model,
    describe: async () => ({}),
    async infer(inputs, outputs) {
      const bytesMax = answerBytesMax(outputs, JSON_BYTES_A_VALUE_MAX);
      if (server.tensors === 'kserve-v2') {
        const { outputs: served, ...more } = readInference(
          await exchange.post(path, jsonRequest(inputs, outputs), bytesMax),
        );
        return { outputs: fromEnvelope(served, outputs), ...more };
      }
      const [input, ...others] = inputs;
      if (input === undefined || others.length > 0 || outputs.length !== 1)
        throw new CodedError('remote-model-unfit', 'instances holds one input and one output');
      const body = Buffer.from(`{"instances":${nestedJson(input.data, input.dims)}}`);
      const answer = await exchange.post(path, { contentType: 'application/json', body }, bytesMax);
      return { outputs: fromPredictions(answer.body, outputs) };
    },
  };
}

/**
 * The envelope names outputs after inputs, in their order, flattens them, and calls what a handler returned as Python
 * floats FP64: what counts is the order and how many values there are.
 */
function fromEnvelope(served: readonly ServedTensor[], wanted: readonly WantedOutput[]): readonly ServedTensor[] {
  return wanted.flatMap(({ name, dims }, i): ServedTensor[] => {
    const tensor = served[i];
    if (tensor === undefined) return [];
    const declared = dims.flatMap((size) => size ?? []);
    const flat = declared.length === dims.length && tensor.dims.length === 1;
    return [{ ...tensor, name, dims: flat && product(declared) === tensor.dims[0] ? declared : tensor.dims }];
  });
}

const fromPredictions = (body: Buffer, wanted: readonly WantedOutput[]): readonly ServedTensor[] =>
  wanted.map(({ name }) => ({ name, datatype: 'FP32', ...flattened(listIn(jsonObject(body), 'predictions')) }));

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);
