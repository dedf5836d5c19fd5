import type { Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import ort from 'onnxruntime-node';
import type { DeviceSpec } from '../protocol.ts';
import type { Faults } from './faults.ts';
import type { ModelSession, ModelTensor } from './model-session.ts';
import { isOutOfMemory } from './out-of-memory.ts';
import { requireSound } from './sound-output.ts';

type Tensors = Pick<Stage, 'inputs' | 'outputs'>;

/**
 * Loads a model into this process. The providers of the device are tried in their order; `provider` says which one does
 * the work. Threads do not spin: spinning costs the rest of the appliance twice the time.
 *
 * @param model bytes of the ONNX file, verified by the caller
 * @throws CodedError `inference-model-unloadable`
 */
export async function openOrtSession(
  model: Uint8Array,
  stage: Tensors,
  device: DeviceSpec,
  faults?: Faults,
): Promise<ModelSession> {
  const { session, provider } = await createSession(model, device);
  for (const [kind, declared, found] of [
    ['input', stage.inputs, session.inputNames],
    ['output', stage.outputs, session.outputNames],
  ] as const)
    for (const { name } of declared)
      if (!found.includes(name))
        throw new CodedError('inference-model-unloadable', `it has no ${kind} ${name}, which release.json gives`);

  async function answersOf(
    feeds: ort.InferenceSession.FeedsType,
    outputs: readonly string[],
    over: readonly ModelTensor[],
    batch: number,
  ): Promise<ort.InferenceSession.OnnxValueMapType> {
    faults?.running(batch);
    try {
      return await session.run(feeds, fetchesOf(outputs, over));
    } catch (error) {
      // Outputs of another size do not fit where the last ones lay; whether they may have it is not for here to say.
      if (over.length === 0 || isOutOfMemory(detailOf(error))) throw error;
      return session.run(feeds, fetchesOf(outputs, []));
    }
  }

  return {
    provider,
    attested: true,
    async run(inputs, outputs, over = []) {
      const batch = inputs[0]?.dims[0] ?? 1;
      const feeds = Object.fromEntries(
        inputs.map(({ name, dims, data }) => [name, new ort.Tensor('float32', data, dims)]),
      );
      const answers = await answersOf(feeds, outputs, over, batch).catch((error: unknown) => {
        throw failure(error);
      });
      return outputs.map((name): ModelTensor => {
        const answer = answers[name] ?? { data: undefined, dims: [] };
        const { data, dims } = faults?.output(answer) ?? answer;
        const declared = stage.outputs.find((output) => output.name === name);
        return requireSound({ name, dims, data }, declared?.shape, batch);
      });
    },
    close: () => session.release(),
  };
}

type Fetches = Record<string, ort.Tensor | null>;

/** Outputs by name: memory for them, or none, then the runtime takes its own. */
const fetchesOf = (outputs: readonly string[], over: readonly ModelTensor[]): Fetches =>
  Object.fromEntries(
    outputs.map((name) => {
      const memory = over.find((one) => one.name === name);
      return [name, memory === undefined ? null : new ort.Tensor('float32', memory.data, memory.dims)];
    }),
  );

async function createSession(
  model: Uint8Array,
  device: DeviceSpec,
): Promise<{ session: ort.InferenceSession; provider: string }> {
  const options = {
    intraOpNumThreads: device.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential' as const,
    logSeverityLevel: 3 as const,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  };
  let why = '';
  for (const provider of device.providers) {
    try {
      const session = await ort.InferenceSession.create(model, { ...options, executionProviders: [provider] });
      return { session, provider };
    } catch (error) {
      why += `${provider}: ${error instanceof Error ? error.message : String(error)} `;
    }
  }
  throw new CodedError('inference-model-unloadable', why.trim());
}

const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The runtime tells what went wrong in words only. */
function failure(error: unknown): Error {
  const detail = detailOf(error);
  return isOutOfMemory(detail)
    ? new CodedError('inference-out-of-memory', detail, { cause: error })
    : new CodedError('inference-failed', detail, { cause: error });
}
