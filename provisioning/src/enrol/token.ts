import { createHash } from 'node:crypto';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';

/** What the hub keeps of a token: never the token itself. */
export type TokenRecord = {
  readonly serial: string;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  /** SHA-256 of the public key that it enrolled. */
  readonly usedByKey: string | null;
};

export const tokenSecretBytes = 32;
export const tokenIdBytes = 6;

/**
 * A token is `<id>.<secret>`: the id finds the record, the secret proves possession. With 256 random bits, a plain
 * SHA-256 bound to the id is as good as a slow hash: there is nothing to guess.
 */
export function formatToken(
  idBytes: Uint8Array,
  secretBytes: Uint8Array,
): { readonly id: string; readonly token: string } {
  const id = Buffer.from(idBytes).toString('hex');
  return { id, token: `${id}.${Buffer.from(secretBytes).toString('base64url')}` };
}

/** The id of a token and the digest to look for, or undefined when it does not have the form of a token. */
export function parseToken(token: string): { readonly id: string; readonly digest: string } | undefined {
  const match = /^([0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/.exec(token.trim());
  if (match === null) return undefined;
  const [, id = '', secret = ''] = match;
  return { id, digest: tokenDigest(id, secret) };
}

export const tokenDigest = (id: string, secret: string): string =>
  createHash('sha256').update(`collimator-enrolment\0${id}\0${secret}`).digest('hex');

/**
 * Whether a token enrols this serial now. Order matters: only who holds a whole, right token (`record` was found by
 * its digest) learns why it is refused. The key that a token enrolled may come back with it: that is the same appliance,
 * which never got its answer.
 */
export function judgeToken(
  record: TokenRecord | undefined,
  request: { readonly serial: string; readonly now: Date; readonly key?: string },
): Result<TokenRecord, CodedError> {
  if (record === undefined) return err(new CodedError('token-unknown', `asked for ${request.serial}`));
  if (record.usedAt !== null && (request.key === undefined || record.usedByKey !== request.key))
    return err(new CodedError('token-used', `at ${record.usedAt.toISOString()}`));
  if (record.expiresAt <= request.now)
    return err(new CodedError('token-expired', `at ${record.expiresAt.toISOString()}`));
  if (record.serial !== request.serial)
    return err(new CodedError('token-wrong-serial', `it is not for ${request.serial}`));
  return ok(record);
}
