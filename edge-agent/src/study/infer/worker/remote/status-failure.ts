import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Answer } from './https-transport.ts';

/** A failure that says when to come back. */
export type StatusFailure = { readonly error: CodedError; readonly retryAfter_ms?: number };

const REMARK_CHARACTERS_MAX = 200;

/** What a status other than 200 means, by RFC 9110 and as the model servers use it; undefined for 200. */
export function statusFailure({ status, headers, body }: Answer, now_ms: number): StatusFailure | undefined {
  if (status === 200) return undefined;
  const remark = remarkOf(body);
  const error = new CodedError(codeFor(status), `HTTP ${status}${remark === '' ? '' : `: ${remark}`}`);
  const retryAfter_ms = retryAfter(headers, now_ms);
  return retryAfter_ms === undefined ? { error } : { error, retryAfter_ms };
}

function codeFor(status: number): ErrorCode {
  if (status === 429 || status === 503) return 'remote-overloaded';
  if (status === 401 || status === 403) return 'remote-unauthorized';
  if (status === 404) return 'remote-model-missing';
  if (status === 408 || status === 504) return 'remote-timeout';
  return status >= 500 ? 'remote-failed' : status >= 400 ? 'remote-refused' : 'remote-answer-invalid';
}

/** RFC 9110 §10.2.3: seconds, or a date. */
function retryAfter(headers: IncomingHttpHeaders, now_ms: number): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at_ms = Date.parse(value);
  return Number.isNaN(at_ms) ? undefined : Math.max(0, at_ms - now_ms);
}

/** What the server says of it: `error` (KServe, TensorFlow Serving) or `message` (TorchServe), or the beginning of the text. */
function remarkOf(body: Buffer): string {
  const text = body.subarray(0, 4 * REMARK_CHARACTERS_MAX).toString('utf8');
  return (said(text) ?? text)
    .replaceAll(/[^\x21-\x7e]+/g, ' ')
    .trim()
    .slice(0, REMARK_CHARACTERS_MAX);
}

function said(text: string): string | undefined {
  try {
    const { error, message } = JSON.parse(text) as { readonly error?: unknown; readonly message?: unknown };
    return [error, message].find((one): one is string => typeof one === 'string');
  } catch {
    // Cut, or no JSON: the text says it itself.
    return undefined;
  }
}
