import type { Stage } from '@collimator/shared/contracts/release';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelTensor } from '../model-session.ts';
import type { RemoteModel, WantedOutput } from './remote-model.ts';
import { soundAnswer } from './sound-answer.ts';

export type DirectAnswer = { readonly tensors: readonly ModelTensor[]; readonly version: string | undefined };

/** A stage's model as it answers, checked against what the stage declares; nobody has looked whether it is still the same. */
export type DirectSession = (inputs: readonly ModelTensor[], outputs: readonly string[]) => Promise<DirectAnswer>;

export const createDirectSession =
  (stage: Stage, model: RemoteModel): DirectSession =>
  async (inputs, outputs) => {
    const batch = inputs[0]?.dims[0];
    const wanted = outputs.map((name) => wantedOutput(stage, name, batch));
    const { outputs: served, version } = await model.infer(inputs, wanted);
    return { tensors: soundAnswer(served, wanted), version };
  };

function wantedOutput(stage: Stage, name: string, batch: number | undefined): WantedOutput {
  const declared = stage.outputs.find((one) => one.name === name);
  if (declared === undefined) throw new CodedError('inference-release-unsupported', `it declares no output ${name}`);
  const dims = declared.shape.map((size) => (typeof size === 'number' ? size : size === 'batch' ? batch : undefined));
  return { name, dims };
}
