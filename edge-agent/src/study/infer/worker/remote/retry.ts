import { isCoded } from '@collimator/shared/errors/coded-error';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { RemoteServer } from '@collimator/shared/contracts/agent-config';

export type RetryPolicy = RemoteServer['retry'];

/**
 * What may be different the next moment. Everything that is asked of a model server can be asked twice, so that decides:
 * who was too slow is not given the same work at once again, and who failed on it would fail again.
 */
const passing: ReadonlySet<ErrorCode> = new Set(['remote-unreachable', 'remote-cut', 'remote-overloaded']);

/**
 * How long to wait before the same request is sent again; undefined where it is not.
 *
 * @param attempts made so far
 * @param retryAfter_ms what the server asked for; where that is more than the policy waits, it is left to the caller
 */
export function pause_ms(
  error: unknown,
  attempts: number,
  { attempts_max, first_s, most_s }: RetryPolicy,
  retryAfter_ms?: number,
): number | undefined {
  if (attempts >= attempts_max || !isCoded(error) || !passing.has(error.code)) return undefined;
  const most_ms = most_s * 1000;
  if (retryAfter_ms !== undefined) return retryAfter_ms <= most_ms ? retryAfter_ms : undefined;
  return Math.min(most_ms, first_s * 1000 * 2 ** (attempts - 1));
}
