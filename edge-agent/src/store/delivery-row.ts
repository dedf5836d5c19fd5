import type { ErrorClass } from '@collimator/shared/errors/error-entry';
import type { StoredObject } from './sqlite-jobs.ts';

/** One object for one destination. `path` is relative to the data folder. */
export type DeliveryRow = {
  readonly deliveryId: number;
  readonly jobId: number;
  readonly object: StoredObject;
  readonly destination: string;
  readonly attempts: number;
  /** 1 when an earlier send ended in a way that leaves open whether the destination has the object. */
  readonly mayHave: 0 | 1;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly path: string;
  readonly sha256: string;
};

/** What a destination said of one object: a DIMSE status, or the FailureReason of STOW-RS, and its words. */
export type Answer = { readonly status: number; readonly comment?: string };

export type DeliveryFailure = {
  readonly class: ErrorClass;
  readonly code: string;
  readonly detail: string;
  readonly answer?: Answer;
};

/**
 * Why results are not to be sent any more: a later revision of the study supersedes them, or what they were made of
 * was rejected (IHE IOCM).
 */
export type WithdrawFor = 'superseded' | 'rejected';

/** What one destination still has to get, for metrics and status. */
export type DestinationBacklog = {
  readonly destination: string;
  readonly pending: number;
  readonly held: number;
  readonly failed: number;
  /** When the oldest pending one was made; milliseconds since 1970. */
  readonly oldest_ms: number | undefined;
  readonly uncommitted: number;
  readonly commitmentFailed: number;
};
