import { CodedError } from '@collimator/shared/errors/coded-error';
import type { ModelSession, ModelTensor } from '../model-session.ts';
import type { DirectAnswer, DirectSession } from './direct-session.ts';
import type { ModelWatch } from './model-watch.ts';
import { requireFinite } from './sound-answer.ts';

/** Failures that a model which was exchanged under us explains as well as anything. */
const suspicious: ReadonlySet<string> = new Set([
  ...['inference-output-invalid', 'remote-model-missing', 'remote-refused', 'remote-answer-invalid'],
]);

/**
 * A session whose answers are given out only while the model behind it is known to be the one that was tested.
 *
 * @param testedVersion what called itself the model's version when it was tested
 */
export function createWatchedSession(
  protocol: string,
  watch: ModelWatch,
  direct: DirectSession,
  testedVersion: () => string | undefined,
  close: () => Promise<void>,
): ModelSession {
  async function infer(inputs: readonly ModelTensor[], outputs: readonly string[]): Promise<DirectAnswer> {
    await watch.fresh();
    try {
      return await direct(inputs, outputs);
    } catch (error) {
      if (!(error instanceof CodedError) || !suspicious.has(error.code)) throw error;
      watch.doubt();
      // Where the model has changed this says so: another device may still compute the study.
      await watch.fresh();
      throw error;
    }
  }

  return {
    provider: protocol,
    attested: watch.attestation.attested,
    async run(inputs, outputs) {
      requireFinite(inputs);
      const answer = await infer(inputs, outputs);
      if (answer.version === testedVersion()) return answer.tensors;
      // Another version answered than the one that was tested: what it says counts only once that was tested, too.
      watch.doubt();
      const again = await infer(inputs, outputs);
      if (again.version === testedVersion()) return again.tensors;
      throw new CodedError('remote-model-changed', `version ${again.version ?? 'unknown'} answers`);
    },
    close,
  };
}
