import { CodedError, describeError } from '@collimator/shared/errors/coded-error';
import { type Attestation, attestationOf, due, type Known } from './attestation.ts';
import type { ModelFacts, RemoteModel } from './remote-model.ts';

export type ModelWatchDeps = {
  readonly models: readonly RemoteModel[];
  readonly releaseSha256: string;
  readonly toleranceAbs: number;
  readonly every_ms: number;
  readonly now: () => number;
  readonly breaks: () => number;
  /** @throws CodedError `remote-model-unfit` */
  readonly requireFit: (facts: readonly ModelFacts[]) => void;
  /** Largest difference from the golden outputs, through all that the release declares. */
  readonly golden: () => Promise<number>;
};

/** Keeps an eye on models that somebody may exchange under us. */
export type ModelWatch = {
  readonly attestation: Attestation;
  readonly facts: readonly ModelFacts[];
  /**
   * Sees to it that what is known still holds, as far as it is due.
   *
   * @throws CodedError `remote-model-changed`, now and from now on, where it does not; and what the exchanges throw
   */
  fresh(): Promise<void>;
  /** The next `fresh` tests, whatever is known. */
  doubt(): void;
};

/** A model that was exchanged between looking at it and testing it is looked at again. */
const TESTS_MAX = 3;

/**
 * Tests a release's models on a server for the first time.
 *
 * @throws CodedError `golden-mismatch`, `remote-model-unfit`, and what the exchanges throw
 */
export async function watchModels(deps: ModelWatchDeps): Promise<ModelWatch> {
  const describe = async (): Promise<readonly ModelFacts[]> => {
    const facts: ModelFacts[] = [];
    for (const model of deps.models) facts.push(await model.describe());
    return facts;
  };

  async function test(): Promise<{ readonly known: Known; readonly facts: readonly ModelFacts[] }> {
    for (let tests = 0; tests < TESTS_MAX; tests++) {
      const [facts, breaks] = [await describe(), deps.breaks()];
      deps.requireFit(facts);
      const difference = await deps.golden();
      if (!(difference <= deps.toleranceAbs))
        throw new CodedError(
          'golden-mismatch',
          `largest difference ${difference.toExponential(2)}, allowed ${deps.toleranceAbs}`,
        );
      const [said, after] = [JSON.stringify(facts), JSON.stringify(await describe())];
      const now_ms = deps.now();
      if (said === after && breaks === deps.breaks())
        return { facts, known: { facts: said, tested_ms: now_ms, looked_ms: now_ms, breaks } };
    }
    throw new CodedError('remote-model-changed', `while it was tested, ${TESTS_MAX} times`);
  }

  const first = await test();
  const attestation = attestationOf(first.facts, deps.releaseSha256);
  let known: Known | undefined = first.known;
  let changed: CodedError | undefined;

  async function testAgain(): Promise<void> {
    try {
      const again = await test();
      const now = attestationOf(again.facts, deps.releaseSha256);
      if (now.attested !== attestation.attested)
        throw new CodedError('remote-model-changed', now.attested ? 'it is attested now' : now.why);
      known = again.known;
    } catch (error) {
      // A server that cannot be asked has not changed its model as far as anybody knows.
      if (!(error instanceof CodedError) || !finalCodes.has(error.code)) throw error;
      changed =
        error.code === 'remote-model-changed' ? error : new CodedError('remote-model-changed', describeError(error));
      throw changed;
    }
  }

  return {
    attestation,
    facts: first.facts,
    async fresh() {
      if (changed !== undefined) throw changed;
      const what = due(known, deps.breaks(), deps.now(), deps.every_ms);
      if (what === 'nothing') return;
      if (what === 'look' && known !== undefined) {
        const said = JSON.stringify(await describe());
        if (said === known.facts) {
          known = { ...known, looked_ms: deps.now() };
          return;
        }
      }
      await testAgain();
    },
    doubt() {
      known = undefined;
    },
  };
}

const finalCodes: ReadonlySet<string> = new Set([
  ...['golden-mismatch', 'remote-model-changed', 'remote-model-unfit', 'inference-output-invalid'],
]);
