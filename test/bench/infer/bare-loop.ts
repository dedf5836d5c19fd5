/**
 * The peer of the benchmark: what a person would write who only wants the model run. One process, one thread of the
 * runtime, nothing around it. Answers one order by IPC and ends.
 */
import { readFile } from 'node:fs/promises';
import { defaultImageBounds } from '@collimator/edge-agent/study/decode/image-bounds';
import { blockingSources, createSpareBytes } from '@collimator/edge-agent/study/decode/pixels/byte-source';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import type { PreprocessingOp } from '@collimator/shared/contracts/release';
import { fitPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import ort from 'onnxruntime-node';

export type BareOrder = {
  readonly model: string;
  /** Of one item, without the batch. */
  readonly inputDims: readonly number[];
  readonly batch: number;
  /** Items to run; with `files`, one after the other of them. */
  readonly items: number;
  /** Decode and preprocess each item from these, by the same code that the appliance calls. Without them: `run` alone. */
  readonly files?: readonly string[];
  readonly preprocessing?: readonly PreprocessingOp[];
};

/** CPU is of the whole process, user and kernel, from when the model was warm. */
export type BareFigures = {
  readonly wall_ms: number;
  readonly cpu_ms: number;
  readonly load_ms: number;
  readonly warm_ms: number;
};

process.once('message', (order: BareOrder) => {
  void measure(order).then((figures) => process.send?.(figures, () => process.disconnect()));
});

async function measure(order: BareOrder): Promise<BareFigures> {
  const { inputDims, batch, items, files = [], preprocessing = [] } = order;
  const begun = performance.now();
  // As the appliance's workers: one thread, which does not spin.
  const session = await ort.InferenceSession.create(await readFile(order.model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    logSeverityLevel: 3,
    extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
  });
  const load_ms = performance.now() - begun;
  const size = inputDims.reduce((product, one) => product * one, 1);
  const data = new Float32Array(batch * size).fill(0.1);
  const run = (): Promise<unknown> =>
    session.run({ image: new ort.Tensor('float32', data, [batch, ...inputDims]) }, ['logits']);
  await run();
  const warm_ms = performance.now() - begun - load_ms;
  const reader = await createSliceReader(defaultImageBounds, blockingSources(createSpareBytes()));
  const fitted = fitPreprocessing([], preprocessing);
  const cpu = process.cpuUsage();
  const start = performance.now();
  for (let done = 0; done < items; done += batch) {
    const inBatch = files.length === 0 ? 0 : Math.min(batch, items - done);
    for (let i = 0; i < inBatch; i++) {
      const slice = await reader.readSlice(files[(done + i) % files.length] ?? '');
      if (!slice.ok) throw new Error(slice.error.detail);
      data.set(preprocessSlice(slice.value, fitted).values, i * size);
    }
    await run();
  }
  const { user, system } = process.cpuUsage(cpu);
  return { wall_ms: performance.now() - start, cpu_ms: (user + system) / 1000, load_ms, warm_ms };
}
