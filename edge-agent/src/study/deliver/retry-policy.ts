import type { ErrorClass } from '@collimator/shared/errors/error-entry';

export type RetryTimes = { readonly first_ms: number; readonly most_ms: number };

/**
 * Attempts by class. A destination may be away for a week; a refusal of the very object is final;
 * an answer that never came is asked for again with the same bytes.
 */
export const attemptsMax: Readonly<Record<ErrorClass, number>> = { transient: 5_000, ambiguous: 5_000, permanent: 1 };

export type AfterFailure = { readonly do: 'fail' } | { readonly do: 'again'; readonly in_ms: number };

/**
 * What to do after a failed attempt.
 *
 * @param attempts that were made, this one counted
 * @param jitter 0…1; spreads the retries of many appliances after an outage
 */
export function afterFailure(failure: ErrorClass, attempts: number, times: RetryTimes, jitter: number): AfterFailure {
  if (attempts >= attemptsMax[failure]) return { do: 'fail' };
  return { do: 'again', in_ms: backoff_ms(attempts, times, jitter) };
}

/** Exponential with a bound: the first wait, doubled each time, of which the last quarter is left to chance. */
export function backoff_ms(attempts: number, { first_ms, most_ms }: RetryTimes, jitter: number): number {
  const whole = Math.min(most_ms, first_ms * 2 ** Math.min(30, Math.max(0, attempts - 1)));
  return whole * (0.75 + 0.25 * jitter);
}

/** `delivered` for success and warnings; else how to go on (PS3.4 Table B.2-1, PS3.7 Annex C). */
export function classOfStatus(status: number): 'delivered' | ErrorClass {
  if (status === 0x0000 || (status & 0xf000) === 0xb000) return 'delivered';
  // A7xx: out of resources; 0110H: processing failure, which says nothing of the object; 0213H: resource limitation.
  if ((status & 0xff00) === 0xa700 || status === 0x0110 || status === 0x0213) return 'transient';
  // 0111H: the instance is there already. Its bytes are ours, for the UID is.
  if (status === 0x0111) return 'delivered';
  // Among the rest 0124H, not authorized: it stays so until somebody changes a right at the destination, and a flood of
  // repeats would not; `studies retry` sends it then.
  return 'permanent';
}
