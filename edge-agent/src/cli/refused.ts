import type { CodedError } from '@collimator/shared/errors/coded-error';

const policyCodes: ReadonlySet<string> = new Set([
  'token-unknown',
  'token-used',
  'token-expired',
  'token-wrong-serial',
  'device-key-exists',
  'device-retired',
  'hub-refused',
  'hub-untrusted',
  'data-dir-in-use',
  'quarantine-still-refused',
]);

/** Errors that say "not allowed" rather than "did not work": exit code 3. */
export const refusedByPolicy = (error: CodedError): boolean => policyCodes.has(error.code);
