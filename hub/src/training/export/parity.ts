import { CodedError } from '@collimator/shared/errors/coded-error';
import { type Tensor as TfTensor, tensor, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { InferenceSession, Tensor } from 'onnxruntime-node';

/** One float32 array per model input, in the model's order, channels last, batch first. */
export type Batch = readonly BatchInput[];
export type BatchInput = { readonly data: Float32Array; readonly dims: readonly number[] };

export type OutputParity = { readonly name: string; readonly max_abs_diff: number };
export type Parity = { readonly max_abs_diff: number; readonly per_output: readonly OutputParity[] };

export type ParityInput = {
  readonly model: LayersModel;
  readonly onnx: Uint8Array;
  readonly batches: readonly Batch[];
};

/**
 * The largest absolute difference between `model.predict` and ONNX Runtime (CPU) over all batches. Infinite where a
 * shape differs or a value is not a number. Input and output names are taken from the file, in the model's order.
 * Throws CodedError export-rejected when the file does not load or run.
 */
export async function measureParity({ model, onnx, batches }: ParityInput): Promise<Parity> {
  if (batches.length === 0) throw new Error('parity needs at least one batch');
  const session = await rejecting(() => InferenceSession.create(onnx, SESSION_OPTIONS));
  try {
    const worst = new Map(session.outputNames.map((name) => [name, 0]));
    for (const batch of batches) {
      const feeds = session.inputNames.map((name, index) => [name, ortTensor(inputOf(batch, index))] as const);
      const actual = await rejecting(() => session.run(Object.fromEntries(feeds)));
      predict(model, batch).forEach((expected, index) => {
        const name = session.outputNames[index] ?? '';
        worst.set(name, Math.max(worst.get(name) ?? Infinity, difference(expected, actual[name])));
      });
    }
    const per_output = [...worst].map(([name, max_abs_diff]) => ({ name, max_abs_diff }));
    return { max_abs_diff: Math.max(...worst.values()), per_output };
  } finally {
    await session.release();
  }
}

// One thread, and everything the appliance turns on.
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
};

async function rejecting<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    throw new CodedError('export-rejected', cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function inputOf(batch: Batch, index: number): BatchInput {
  const input = batch[index];
  if (input === undefined) throw new Error(`the batch lacks input ${index}`);
  return input;
}

const ortTensor = ({ data, dims }: BatchInput) => new Tensor('float32', data, dims);

function predict(model: LayersModel, batch: Batch): readonly BatchInput[] {
  const results: BatchInput[] = [];
  tidy(() => {
    const inputs = batch.map(({ data, dims }) => tensor(data, [...dims], 'float32'));
    const size = batch[0]?.dims[0] ?? 1;
    const predicted = model.predict(inputs, { batchSize: size });
    const outputs: readonly TfTensor[] = Array.isArray(predicted) ? predicted : [predicted];
    for (const output of outputs) results.push({ data: Float32Array.from(output.dataSync()), dims: output.shape });
  });
  return results;
}

/** Element by element; Infinity for another shape, another type, or a NaN on either side. */
export function difference(
  expected: BatchInput,
  actual: { dims: readonly number[]; data: unknown } | undefined,
): number {
  if (actual === undefined || actual.dims.join() !== expected.dims.join()) return Infinity;
  const { data } = actual;
  if (!(data instanceof Float32Array) || data.length !== expected.data.length) return Infinity;
  let worst = 0;
  for (let index = 0; index < data.length; index += 1) {
    const a = expected.data[index] ?? Number.NaN;
    const b = data[index] ?? Number.NaN;
    const distance = a === b ? 0 : Math.abs(a - b);
    if (!(distance <= worst)) worst = Number.isNaN(distance) ? Infinity : distance;
  }
  return worst;
}
