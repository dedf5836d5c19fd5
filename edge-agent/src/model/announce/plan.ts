import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { ModelPhase } from '@collimator/shared/contracts/messages';

/** What is known of the assignment of one release name. */
export type AssignedState = {
  readonly ref: ReleaseRef;
  readonly serial: number;
  readonly phase: ModelPhase;
  readonly reported: boolean;
  /** When work on it may be tried again; undefined when it was never put off. */
  readonly retryAt: Date | undefined;
};

/** What to do about one release name, in the order of the folders. */
export type Plan =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wait'; readonly until: Date }
  /** It runs already: only the hub does not know. */
  | { readonly kind: 'confirm' }
  | { readonly kind: 'install'; readonly steps: readonly ['verify', 'fetch', 'stage', 'swap'] };

/**
 * Current state against target state. What runs is what was assigned last and passed; everything else waits its turn.
 * Always the whole way: each step finds what an interrupted run left and does only what is missing, so that no step
 * trusts a note of an earlier process.
 */
export function plan(active: ReleaseRef | undefined, assigned: AssignedState | undefined, now: Date): Plan {
  if (assigned === undefined) return { kind: 'nothing' };
  if (active !== undefined && active.sha256 === assigned.ref.sha256)
    return assigned.phase === 'active' && assigned.reported ? { kind: 'nothing' } : { kind: 'confirm' };
  if (assigned.retryAt !== undefined && assigned.retryAt > now) return { kind: 'wait', until: assigned.retryAt };
  return { kind: 'install', steps: ['verify', 'fetch', 'stage', 'swap'] };
}

/** Waits between tries of the same assignment: 30 s, doubling, at most 6 h. */
export const retryFirstMs = 30_000;
export const retryMostMs = 6 * 3_600_000;

/** @param attempts tries that failed so far, from 1 */
export const retryDelayMs = (attempts: number, first_ms = retryFirstMs): number =>
  Math.min(retryMostMs, first_ms * 2 ** Math.min(30, Math.max(0, attempts - 1)));
