import { Metadata, MetadataKind, type Root, type Snapshot, type Targets, type Timestamp } from '@tufjs/models';
import { ok, type Result } from '../result.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Signature } from './keys.ts';
import { type Refusal, refuse } from './refusal.ts';

type Kinds = { root: Root; timestamp: Timestamp; snapshot: Snapshot; targets: Targets };
export type MetadataRole = keyof Kinds;

/** Metadata whose form is right; nothing is known yet of who signed it. */
export type Parsed<R extends MetadataRole> = {
  readonly role: R;
  readonly signed: Kinds[R];
  readonly signatures: readonly Signature[];
  /** What the signatures are over. */
  readonly signedBytes: Buffer;
  /** The whole file as it came. */
  readonly bytes: Buffer;
};

/** Time as TUF writes it (TUF 1.0 §4.2.2): whole seconds, UTC. */
const expiresPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/**
 * Reads one metadata file. Only the canonical form is accepted: what we read is what was signed, byte for byte,
 * with no doubled keys and no second spelling.
 */
export function parseMetadata<R extends MetadataRole>(role: R, bytes: Buffer): Result<Parsed<R>, Refusal> {
  const malformed = (why: string) => refuse('metadata-malformed', `${role}: ${why}`);
  let metadata: Metadata<Root | Timestamp | Snapshot | Targets>;
  try {
    metadata = read(role, JSON.parse(bytes.toString('utf8')) as Json);
    if (!canonicalJson(metadata.toJSON()).equals(bytes)) return malformed('not in canonical form');
  } catch (error) {
    return malformed(error instanceof Error ? error.message.slice(0, 200) : 'unreadable');
  }
  const { signed } = metadata;
  if (!Number.isSafeInteger(signed.version) || signed.version < 1)
    return malformed('version is not a positive integer');
  if (!expiresPattern.test(signed.expires) || Number.isNaN(Date.parse(signed.expires)))
    return malformed('expires is not a time');
  const signatures = Object.values(metadata.signatures).map(({ keyID, sig }) => ({ keyid: keyID, sig }));
  return ok({ role, signed: signed as Kinds[R], signatures, signedBytes: canonicalJson(signed.toJSON()), bytes });
}

type Json = Parameters<(typeof Root)['fromJSON']>[0];

function read(role: MetadataRole, json: Json): Metadata<Root | Timestamp | Snapshot | Targets> {
  switch (role) {
    case 'root':
      return Metadata.fromJSON(MetadataKind.Root, json);
    case 'timestamp':
      return Metadata.fromJSON(MetadataKind.Timestamp, json);
    case 'snapshot':
      return Metadata.fromJSON(MetadataKind.Snapshot, json);
    case 'targets':
      return Metadata.fromJSON(MetadataKind.Targets, json);
  }
}

/** Expired from the very second it names (TUF 1.0 §5.3.10). */
export const isExpired = (expires: string, now: Date): boolean => now.getTime() >= Date.parse(expires);

/** A time as metadata writes it. */
export const metadataTime = (at: Date): string => at.toISOString().replace(/\.\d{3}Z$/, 'Z');
