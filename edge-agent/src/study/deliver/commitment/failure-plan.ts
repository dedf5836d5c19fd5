import { commitmentFailures } from '../../../dimse/index.ts';

/** What follows when a destination could not commit one object of ours. */
export type AfterCommitmentFailure = 'resend' | 'ask-again' | 'give-up';

export type CommitmentBounds = { readonly requestsMax: number; readonly resendsMax: number };

/**
 * An object that the destination does not have (0112H) is sent again, the same bytes; what it could not do this time
 * (processing failure, resources, a transaction UID that it met before, anything it does not explain) is asked again;
 * what it will never do is not asked again. Both ways are bounded (PS3.3 §C.14.1.1).
 *
 * @param reason Failure Reason (0008,1197)
 */
export function afterCommitmentFailure(
  reason: number,
  done: { readonly requests: number; readonly resends: number },
  bounds: CommitmentBounds,
): AfterCommitmentFailure {
  if (reason === commitmentFailures.noSuchObjectInstance)
    return done.resends < bounds.resendsMax ? 'resend' : 'give-up';
  if (reason === commitmentFailures.classInstanceConflict || reason === commitmentFailures.sopClassNotSupported)
    return 'give-up';
  return done.requests < bounds.requestsMax ? 'ask-again' : 'give-up';
}
