import type { Statement } from '@collimator/shared/sqlite/store';

/**
 * A key may come back with the token that enrolled it, so a token outlives its first use. It must not outlive the
 * identity: with a device that is retired, every token of it ends, used or not.
 */
export const endTokens = (serial: string): Statement => ({
  sql: 'DELETE FROM enrolment_tokens WHERE serial = ?',
  params: [serial],
});

/** With a new identity, the tokens of earlier ones end: an old key cannot take the device back. */
export const endEarlierTokens = (serial: string, tokenId: string): Statement => ({
  sql: 'DELETE FROM enrolment_tokens WHERE serial = ? AND id <> ? AND used_at IS NOT NULL',
  params: [serial, tokenId],
});
