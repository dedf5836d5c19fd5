import type { ModelTensor } from '../../../study/infer/worker/model-session.ts';
import type { StageTensors } from './decode-request.ts';

/** The batch that a request runs with: models run with the sizes of their release only, so zeros fill the rest up. */
export const batchFor = (items: number, { batch_sizes: sizes }: StageTensors): number =>
  Math.min(...sizes.filter((size) => size >= items));

/** The inputs with so many items; the very tensors where they have as many already. */
export const withBatch = (inputs: readonly ModelTensor[], stage: StageTensors, batch: number): readonly ModelTensor[] =>
  inputs.map((tensor) => {
    const { name, dims, data } = tensor;
    if (!hasBatch(stage.inputs, name) || dims[0] === batch) return tensor;
    const padded = new Float32Array((data.length / (dims[0] ?? 1)) * batch);
    padded.set(data);
    return { name, dims: [batch, ...dims.slice(1)], data: padded };
  });

/** The first items of the outputs: those that were asked about. */
export const firstItems = (
  outputs: readonly ModelTensor[],
  stage: StageTensors,
  items: number,
): readonly ModelTensor[] =>
  outputs.map((tensor) => {
    const { name, dims, data } = tensor;
    if (!hasBatch(stage.outputs, name) || dims[0] === items) return tensor;
    return { name, dims: [items, ...dims.slice(1)], data: data.subarray(0, (data.length / (dims[0] ?? 1)) * items) };
  });

const hasBatch = (tensors: StageTensors['inputs'], name: string): boolean =>
  tensors.find((tensor) => tensor.name === name)?.shape[0] === 'batch';
