import type { KserveModelMetadata } from '@collimator/shared/contracts/kserve-v2';
import type { Stage } from '@collimator/shared/contracts/release';
import { ok, type Result } from '@collimator/shared/result';
import type { ServedModel } from '../../study/infer/tensor-engine.ts';
import { type KserveRefusal, refuse } from './refusal.ts';

/** A stage of a release, as other programs know it. */
export type StageModel = {
  /** That of the release, or `<release>.<stage>` where it has several stages. */
  readonly name: string;
  readonly model: ServedModel;
  readonly stage: number;
  readonly tensors: Stage;
};

/** Every stage of the releases that a program may use; all where `releases` is absent. */
export const stageModels = (models: readonly ServedModel[], releases?: readonly string[]): readonly StageModel[] =>
  models
    .filter(({ name }) => releases === undefined || releases.includes(name))
    .flatMap((model) =>
      model.release.stages.map((tensors, stage) => ({
        name: model.release.stages.length === 1 ? model.name : `${model.name}.${tensors.name}`,
        ...{ model, stage, tensors },
      })),
    );

/**
 * The model of a name. Without a version the first that is ready: where several versions of a release live side by
 * side, the engine lists the one first that takes new work.
 */
export function findModel(
  all: readonly StageModel[],
  name: string,
  version?: string,
): Result<StageModel, KserveRefusal> {
  const named = all.filter((one) => one.name === name);
  const fit = named.filter(({ model }) => version === undefined || model.version === version);
  const found = fit.find(({ model }) => model.ready) ?? fit[0];
  if (found !== undefined) return ok(found);
  return named.length === 0
    ? refuse(404, 'kserve-model-unknown', `"${name}"`)
    : refuse(404, 'kserve-model-unknown', `"${name}" has no version "${version}"`);
}

/** Model metadata response. */
export function metadataOf({ name, model, tensors }: StageModel, all: readonly StageModel[]): KserveModelMetadata {
  const describe = ({ name, shape }: Stage['inputs'][number]): KserveModelMetadata['inputs'][number] => ({
    name,
    datatype: 'FP32',
    shape: shape.map((size) => (size === 'batch' ? -1 : size)),
  });
  return {
    name,
    versions: [...new Set(all.filter((one) => one.name === name).map((one) => one.model.version))],
    platform: 'onnx_onnxv1',
    inputs: tensors.inputs.map(describe),
    outputs: tensors.outputs.map(describe),
    parameters: { release_sha256: model.sha256, batch_max: Math.max(...tensors.batch_sizes) },
  };
}

/** Whether a model answers; undefined for one that is unknown. */
export function isReady(all: readonly StageModel[], name: string, version?: string): boolean | undefined {
  const found = findModel(all, name, version);
  return found.ok ? found.value.model.ready : undefined;
}
