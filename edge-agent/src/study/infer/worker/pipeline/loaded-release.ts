import type { Release } from '@collimator/shared/contracts/release';
import type { ModelSession } from '../model-session.ts';

/** A release with its models loaded: one session for each stage, in the order of the stages. */
export type LoadedRelease = {
  readonly sha256: string;
  readonly release: Release;
  readonly sessions: readonly ModelSession[];
};
