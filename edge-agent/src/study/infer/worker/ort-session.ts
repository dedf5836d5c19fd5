import type { Release, Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Plane } from '@collimator/shared/imaging/slice';
import ort from 'onnxruntime-node';
import type { DeviceSpec } from '../protocol.ts';
import { readReleaseFile } from './load-release.ts';

/** Runs a stage's model on slices. */
export type StageModel = {
  readonly stage: Stage;
  readonly provider: string;
  readonly batchMax: number;
  /** The model's output for each slice, in order; at most `batchMax` slices. */
  run(inputs: readonly Plane[]): Promise<readonly Plane[]>;
  /** One run per batch size, so that the first real one is as fast as the others. */
  warm(): Promise<void>;
};

/** The only stage of a release; several come with a later release contract. */
export function onlyStage(release: Release): Stage {
  const [stage, ...more] = release.stages;
  if (stage === undefined || more.length > 0)
    throw new CodedError('inference-release-unsupported', `${release.stages.length} stages`);
  if (stage.inputs.length !== 1 || stage.outputs.length !== 1)
    throw new CodedError('inference-release-unsupported', 'more than one input or output');
  return stage;
}

/**
 * Loads the model of a release. CUDA is tried first on a GPU; where it cannot be used, the CPU does the work and
 * `provider` says so. Threads do not spin: spinning costs the rest of the appliance twice the time.
 *
 * @throws CodedError `inference-model-unloadable`, `inference-release-altered`, `inference-release-unsupported`
 */
export async function loadStageModel(folder: string, release: Release, device: DeviceSpec): Promise<StageModel> {
  const stage = onlyStage(release);
  const { session, provider } = await createSession(await readReleaseFile(folder, release, stage.model), device);
  const [input, output] = [stage.inputs[0], stage.outputs[0]] as [Stage['inputs'][number], Stage['outputs'][number]];
  if (!session.inputNames.includes(input.name) || !session.outputNames.includes(output.name))
    throw new CodedError(
      'inference-model-unloadable',
      'its inputs or outputs have other names than release.json gives',
    );
  const inSize = planeSize(input);
  const outSize = planeSize(output);
  const batchSizes = stage.batch_sizes.toSorted((a, b) => b - a);
  const [batchMax, batchMin] = [batchSizes[0] ?? 1, batchSizes.at(-1) ?? 1];

  /** One run of exactly `batch` slices; shapes are fixed, because a new shape makes the runtime plan anew. */
  async function runBatch(planes: readonly Plane[], batch: number): Promise<readonly Plane[]> {
    const data = new Float32Array(batch * inSize.rows * inSize.columns);
    for (const [i, plane] of planes.entries()) {
      if (plane.rows !== inSize.rows || plane.columns !== inSize.columns)
        throw new CodedError(
          'imaging-ops-invalid',
          `preprocessing gives ${plane.rows}×${plane.columns}, the model takes ${inSize.rows}×${inSize.columns}`,
        );
      data.set(plane.values, i * plane.values.length);
    }
    const dims = input.shape.map((size) => (size === 'batch' ? batch : size));
    const outputs = await session.run({ [input.name]: new ort.Tensor('float32', data, dims) }, [output.name]);
    const values = outputs[output.name]?.data;
    const pixels = outSize.rows * outSize.columns;
    if (!(values instanceof Float32Array) || values.length !== batch * pixels)
      throw new CodedError('inference-output-invalid', `not ${batch} × ${outSize.rows}×${outSize.columns} float32`);
    return planes.map((_, i) => ({ ...outSize, values: values.slice(i * pixels, (i + 1) * pixels) }));
  }

  return {
    stage,
    provider,
    batchMax,
    async run(inputs) {
      const outputs: Plane[] = [];
      while (outputs.length < inputs.length) {
        const left = inputs.length - outputs.length;
        // The largest size that is filled; the smallest, filled up with blank slices, for what is left over.
        const batch = batchSizes.find((size) => size <= left) ?? batchMin;
        outputs.push(...(await runBatch(inputs.slice(outputs.length, outputs.length + batch), batch)));
      }
      return outputs;
    },
    async warm() {
      const blank = { ...inSize, values: new Float32Array(inSize.rows * inSize.columns) };
      for (const size of batchSizes)
        await runBatch(
          Array.from({ length: size }, () => blank),
          size,
        );
    },
  };
}

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
  for (const provider of device.gpu === undefined ? ['cpu'] : ['cuda', 'cpu']) {
    try {
      const session = await ort.InferenceSession.create(model, { ...options, executionProviders: [provider] });
      return { session, provider };
    } catch (error) {
      why += `${provider}: ${error instanceof Error ? error.message : String(error)} `;
    }
  }
  throw new CodedError('inference-model-unloadable', why.trim());
}

function planeSize(tensor: Stage['inputs'][number]): { readonly rows: number; readonly columns: number } {
  const [rows, columns, channels] =
    tensor.layout === 'NHWC'
      ? [tensor.shape[1], tensor.shape[2], tensor.shape[3]]
      : [tensor.shape[2], tensor.shape[3], tensor.shape[1]];
  if (tensor.shape.length !== 4 || typeof rows !== 'number' || typeof columns !== 'number' || channels !== 1)
    throw new CodedError('inference-release-unsupported', `${tensor.name} is not [batch, rows, columns, 1 channel]`);
  return { rows, columns };
}
