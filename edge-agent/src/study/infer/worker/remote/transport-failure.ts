import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { CodedError } from '@collimator/shared/errors/coded-error';

const timeouts = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);
const unreachable = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Of OpenSSL's verification and of Node's check of the name; the rest of TLS has a common prefix. */
const untrusted =
  /^(CERT_|CRL_|ERR_TLS_|ERR_SSL_|ERROR_IN_C|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_|INVALID_(CA|PURPOSE)$|PATH_LENGTH_|EPROTO$)/;

/**
 * What an exchange failed of, by the code that Node and undici gave it. The detail names the server by host and port.
 *
 * @param late whether we gave it up ourselves
 */
export function transportFailure(error: unknown, host: string, late: boolean): CodedError {
  const { code = '' } = error as NodeJS.ErrnoException;
  const why = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
  const options = { cause: error };
  return new CodedError(late ? 'remote-timeout' : codeFor(code), `${host}${late ? '' : `: ${why}`}`, options);
}

function codeFor(code: string): ErrorCode {
  if (timeouts.has(code)) return 'remote-timeout';
  if (unreachable.has(code)) return 'remote-unreachable';
  if (untrusted.test(code)) return 'remote-untrusted';
  // Reset, closed, ended before its length was there, or no HTTP at all.
  return code.startsWith('HPE_') ? 'remote-answer-invalid' : 'remote-cut';
}
