import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { CodedError, describeError } from '@collimator/shared/errors/coded-error';
import { err, type Result } from '@collimator/shared/result';
import type { EarlyAnswer } from '../early-answer.ts';

/** Why a program gets no inference. `why` is for the program; it may repeat what it sent, so it is for no log. */
export type KserveRefusal = {
  readonly http: 400 | 401 | 403 | 404 | 411 | 413 | 415 | 429 | 500 | 503 | 504;
  readonly code: ErrorCode;
  readonly why: string;
  /** When to come again, s. */
  readonly retryAfter_s?: number;
  /** The code of the engine's own trouble, for the log. */
  readonly cause?: string;
};

export const refuse = (http: KserveRefusal['http'], code: ErrorCode, why: string): Result<never, KserveRefusal> =>
  err({ http, code, why });

/** As KServe v2 words errors: one text, with our code at its beginning and what to do at its end. */
export function refusalAnswer({ http, code, why, retryAfter_s }: KserveRefusal): EarlyAnswer {
  // What is wrong with our own files is for our log.
  const error = describeError(new CodedError(code, http === 401 ? 'no valid credentials' : why));
  return {
    status: http,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      ...(http === 401 && { 'www-authenticate': 'Bearer realm="collimator"' }),
      ...(retryAfter_s !== undefined && { 'retry-after': String(Math.max(1, Math.ceil(retryAfter_s))) }),
    },
    body: JSON.stringify({ error }),
  };
}
