import type { Release } from '@collimator/shared/contracts/release';
import type { Result } from '@collimator/shared/result';
import type { Priority } from '../queue/schedule/scheduler.ts';
import type { ModelTensor } from './worker/model-session.ts';

/** A release that other programs may use; `ready` when a device has it loaded and warm and it takes new requests. */
export type ServedModel = {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly release: Release;
  readonly ready: boolean;
};

export type TensorRequest = {
  readonly sha256: string;
  /** Index in the release's `stages`. */
  readonly stage: number;
  readonly priority: Priority;
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly string[];
  /** Nobody waits for the answer any more. */
  readonly signal: AbortSignal;
};

export type TensorFailure =
  | { readonly how: 'overloaded'; readonly retryAfter_s: number }
  | { readonly how: 'not-ready' | 'failed'; readonly code: string; readonly detail: string };

/** Inference for other programs: the same queue, priorities and bounds as those of studies; nothing of it is durable. */
export type TensorEngine = {
  /**
   * What is to be run from now on; while devices change from one version of a name to the next, both, and first the one
   * that new requests are to go to.
   */
  models(): readonly ServedModel[];
  /**
   * Keeps a release of `models` for a request on its way here, so that it is answered also when models change
   * meanwhile. The returned function lets go of it, once.
   */
  keep(sha256: string): () => void;
  /** Takes what `models` lists, and what is kept. */
  infer(request: TensorRequest): Promise<Result<readonly ModelTensor[], TensorFailure>>;
};
