import type { ModelFacts } from './remote-model.ts';

/** Whether a server's models are known to be those of a release; otherwise why not, for a person. */
export type Attestation = { readonly attested: true } | { readonly attested: false; readonly why: string };

/**
 * What the metadata of a release's models comes to once they have given the golden outputs: attested only where each of
 * them names the digest of the release.
 */
export function attestationOf(facts: readonly ModelFacts[], releaseSha256: string): Attestation {
  for (const { releaseSha256: named } of facts) {
    if (named === undefined) return { attested: false, why: 'the server names no release digest' };
    if (named !== releaseSha256) return { attested: false, why: `the server names the release digest ${named}` };
  }
  return facts.length === 0 ? { attested: false, why: 'there is no model' } : { attested: true };
}

/** What is known of a release's models on a server, and since when. */
export type Known = {
  /** What the server said of them when they were tested; to be compared only. */
  readonly facts: string;
  readonly tested_ms: number;
  readonly looked_ms: number;
  /** How often the connection had broken by then. */
  readonly breaks: number;
};

/** How long metadata is believed, ms: within this an exchange of a model under us is noticed, if the server tells of it. */
export const LOOK_MS = 10_000;

/**
 * What is to be done before the next run: nothing, a look at the metadata, or the golden inputs again, because the
 * connection broke, the time is up, or nothing is known.
 */
export function due(
  known: Known | undefined,
  breaks: number,
  now_ms: number,
  every_ms: number,
): 'nothing' | 'look' | 'test' {
  if (known === undefined || known.breaks !== breaks || now_ms - known.tested_ms >= every_ms) return 'test';
  return now_ms - known.looked_ms >= LOOK_MS ? 'look' : 'nothing';
}
