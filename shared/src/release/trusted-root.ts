import { ok, type Result } from '../result.ts';
import { keyId, type TufKey } from './keys.ts';
import { isExpired, type MetadataRole, type Parsed, parseMetadata } from './metadata.ts';
import { type Refusal, refuse } from './refusal.ts';
import { checkSignatures, type SigningRole } from './signatures.ts';

/** The field of root that names the director's key, so that the trusted root covers it (Uptane §5.4.1). */
export const directorField = 'x-collimator-director';

/** A root that is trusted: its own keys signed it, and all keys in it are sound. */
export type TrustedRoot = {
  readonly parsed: Parsed<'root'>;
  readonly version: number;
  readonly roles: Readonly<Record<MetadataRole, SigningRole>>;
  readonly director: { readonly keyid: string; readonly key: TufKey };
};

/** Reads a root that is trusted because of where it lies (laid down at enrolment), still checking its own signatures. */
export function openRoot(bytes: Buffer): Result<TrustedRoot, Refusal> {
  const read = readRoot(bytes);
  if (!read.ok) return read;
  const { parsed, roles } = read.value;
  const signed = checkSignatures('root', parsed.signedBytes, parsed.signatures, [roles.root]);
  return signed.ok ? read : signed;
}

/** TUF 1.0 §5.3: N is followed by N + 1, signed by the threshold of both. Expiry is asked only of the last one. */
export function updateRoot(trusted: TrustedRoot, bytes: Buffer): Result<TrustedRoot, Refusal> {
  const read = readRoot(bytes);
  if (!read.ok) return read;
  const { parsed, roles, version } = read.value;
  if (version <= trusted.version) return refuse('metadata-older', `root ${version}, trusted ${trusted.version}`);
  if (version !== trusted.version + 1)
    return refuse('root-version-skipped', `root ${version}, trusted ${trusted.version}`);
  const signed = checkSignatures('root', parsed.signedBytes, parsed.signatures, [trusted.roles.root, roles.root]);
  return signed.ok ? read : signed;
}

export const rootFresh = (root: TrustedRoot, now: Date): Result<undefined, Refusal> =>
  isExpired(root.parsed.signed.expires, now)
    ? refuse('metadata-expired', `root ${root.version}, ${root.parsed.signed.expires}`)
    : ok(undefined);

/**
 * Whether timestamp and snapshot that were trusted under `before` still count under `after`. When their keys changed,
 * they are forgotten: a thief of the old keys may have run the versions up (TUF 1.0 §5.3.11).
 */
export const onlineKeysUnchanged = (before: TrustedRoot, after: TrustedRoot): boolean =>
  (['timestamp', 'snapshot'] as const).every((role) => {
    const ids = (root: TrustedRoot) => [...root.roles[role].keys.keys()].sort().join();
    return ids(before) === ids(after) && before.roles[role].threshold === after.roles[role].threshold;
  });

function readRoot(bytes: Buffer): Result<TrustedRoot, Refusal> {
  const parsed = parseMetadata('root', bytes);
  if (!parsed.ok) return parsed;
  const root = parsed.value.signed;
  const keys = new Map<string, TufKey>();
  for (const [keyid, key] of Object.entries(root.keys)) {
    const sound = soundKey(keyid, key.toJSON());
    if (sound === undefined) return refuse('metadata-malformed', `root: key ${keyid.slice(0, 12)} is not sound`);
    keys.set(keyid, sound);
  }
  const roles: Partial<Record<MetadataRole, SigningRole>> = {};
  for (const name of ['root', 'timestamp', 'snapshot', 'targets'] as const) {
    const role = root.roles[name];
    const roleKeys = new Map<string, TufKey>();
    for (const keyid of role?.keyIDs ?? []) {
      const key = keys.get(keyid);
      if (key === undefined) return refuse('metadata-malformed', `root: ${name} names a key that is not there`);
      roleKeys.set(keyid, key);
    }
    const threshold = role?.threshold ?? 0;
    if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > roleKeys.size)
      return refuse('metadata-malformed', `root: the threshold of ${name} cannot be met`);
    roles[name] = { keys: roleKeys, threshold };
  }
  const director = readDirector(root.unrecognizedFields[directorField]);
  if (director === undefined) return refuse('metadata-malformed', `root: ${directorField} is not sound`);
  return ok({
    parsed: parsed.value,
    version: root.version,
    roles: roles as Record<MetadataRole, SigningRole>,
    director,
  });
}

function readDirector(field: unknown): TrustedRoot['director'] | undefined {
  if (typeof field !== 'object' || field === null || !('keyid' in field) || !('key' in field)) return undefined;
  if (typeof field.keyid !== 'string') return undefined;
  const key = soundKey(field.keyid, field.key);
  return key === undefined ? undefined : { keyid: field.keyid, key };
}

/** A key with a right id and of the one kind we use; its id covers every field, so a key cannot count twice. */
function soundKey(keyid: string, json: unknown): TufKey | undefined {
  const key = json as TufKey | undefined;
  if (key?.keytype !== 'ed25519' || key.scheme !== 'ed25519') return undefined;
  if (typeof key.keyval?.public !== 'string' || !/^[0-9a-f]{64}$/.test(key.keyval.public)) return undefined;
  if (Object.keys(key).length !== 3 || Object.keys(key.keyval).length !== 1) return undefined;
  return keyId(key) === keyid ? key : undefined;
}
