import { createHash } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';

/** The bytes that are signed: OLPC canonical JSON, as TUF 1.0 §4.2.1 uses it. No floats, keys sorted, no space. */
export const canonicalJson = (value: unknown): Buffer => Buffer.from(canonicalize(value), 'utf8');

/** Lower-case hex SHA-256. */
export const sha256Hex = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
