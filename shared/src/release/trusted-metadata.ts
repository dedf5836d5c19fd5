import type { MetaFile } from '@tufjs/models';
import { ok, type Result } from '../result.ts';
import { sha256Hex } from './canonical-json.ts';
import { isExpired, type MetadataRole, type Parsed, parseMetadata } from './metadata.ts';
import { type Refusal, refuse } from './refusal.ts';
import { checkSignatures } from './signatures.ts';
import { rootFresh, type TrustedRoot } from './trusted-root.ts';

/** How much of a metadata file is read at most, whatever it says of itself. */
export const metadataBytesMax = { root: 262_144, timestamp: 65_536, snapshot: 262_144, targets: 16_777_216 } as const;

/** What a device trusts. Later roles are only there when the earlier ones are. */
export type Trust = {
  readonly root: TrustedRoot;
  readonly timestamp?: Parsed<'timestamp'>;
  readonly snapshot?: Parsed<'snapshot'>;
  readonly targets?: Parsed<'targets'>;
};

/** Where a named metadata file is found and what it must be: our repositories always give digest and length. */
export type MetadataRef = { readonly version: number; readonly length: number; readonly sha256: string };

/** TUF 1.0 §5.4. Never an older one, nor one that names an older snapshot. */
export function updateTimestamp(trust: Trust, bytes: Buffer, now: Date): Result<Parsed<'timestamp'>, Refusal> {
  const read = signedBy(trust.root, 'timestamp', bytes);
  if (!read.ok) return read;
  const next = read.value;
  const named = snapshotRef(next);
  if (named === undefined) return refuse('metadata-malformed', 'timestamp: no digest and length of snapshot.json');
  if (trust.timestamp !== undefined) {
    const older = notOlder('timestamp', trust.timestamp, next);
    if (!older.ok) return older;
    const before = trust.timestamp.signed.snapshotMeta.version;
    if (named.version < before) return refuse('metadata-older', `snapshot ${named.version}, trusted ${before}`);
  }
  return fresh(next, now);
}

/** TUF 1.0 §5.5: the snapshot that the timestamp names, and no file in it older than before. */
export function updateSnapshot(trust: Trust, bytes: Buffer, now: Date): Result<Parsed<'snapshot'>, Refusal> {
  const named = trust.timestamp && snapshotRef(trust.timestamp);
  if (named === undefined) return refuse('metadata-mismatch', 'snapshot: no trusted timestamp names one');
  const isNamed = checkNamed('snapshot', named, bytes);
  if (!isNamed.ok) return isNamed;
  const read = signedBy(trust.root, 'snapshot', bytes);
  if (!read.ok) return read;
  const next = read.value;
  if (next.signed.version !== named.version)
    return refuse('metadata-mismatch', `snapshot ${next.signed.version}, the timestamp names ${named.version}`);
  const targets = targetsRef(next);
  if (targets === undefined) return refuse('metadata-malformed', 'snapshot: no digest and length of targets.json');
  for (const [name, meta] of Object.entries(trust.snapshot?.signed.meta ?? {})) {
    const now = next.signed.meta[name]?.version;
    if (now === undefined || now < meta.version)
      return refuse('metadata-older', `${name} ${now ?? 'dropped'}, trusted ${meta.version}`);
  }
  return fresh(next, now);
}

/** TUF 1.0 §5.6: the targets that the snapshot names. */
export function updateTargets(trust: Trust, bytes: Buffer, now: Date): Result<Parsed<'targets'>, Refusal> {
  const named = trust.snapshot && targetsRef(trust.snapshot);
  if (named === undefined) return refuse('metadata-mismatch', 'targets: no trusted snapshot names them');
  const isNamed = checkNamed('targets', named, bytes);
  if (!isNamed.ok) return isNamed;
  const read = signedBy(trust.root, 'targets', bytes);
  if (!read.ok) return read;
  const next = read.value;
  if (next.signed.version !== named.version)
    return refuse('metadata-mismatch', `targets ${next.signed.version}, the snapshot names ${named.version}`);
  if (trust.targets !== undefined) {
    const older = notOlder('targets', trust.targets, next);
    if (!older.ok) return older;
  }
  return fresh(next, now);
}

/**
 * Whether something may be installed now: every role there, belonging together and not expired.
 * What is named and not here was not fetched yet: each was checked against its name when it was taken in.
 */
export function trustFresh(trust: Trust, now: Date): Result<Required<Trust>, Refusal> {
  const { root, timestamp, snapshot, targets } = trust;
  if (timestamp === undefined || snapshot === undefined || targets === undefined)
    return refuse('metadata-pending', 'timestamp, snapshot and targets');
  if (snapshotRef(timestamp)?.sha256 !== sha256Hex(snapshot.bytes))
    return refuse('metadata-pending', 'the snapshot that the timestamp names');
  if (targetsRef(snapshot)?.sha256 !== sha256Hex(targets.bytes))
    return refuse('metadata-pending', 'the targets that the snapshot names');
  const rootIsFresh = rootFresh(root, now);
  if (!rootIsFresh.ok) return rootIsFresh;
  for (const parsed of [timestamp, snapshot, targets]) {
    const isFresh = fresh<MetadataRole>(parsed, now);
    if (!isFresh.ok) return isFresh;
  }
  return ok({ root, timestamp, snapshot, targets });
}

export const snapshotRef = (timestamp: Parsed<'timestamp'>): MetadataRef | undefined =>
  metadataRef(timestamp.signed.snapshotMeta, metadataBytesMax.snapshot);
export const targetsRef = (snapshot: Parsed<'snapshot'>): MetadataRef | undefined =>
  metadataRef(snapshot.signed.meta['targets.json'], metadataBytesMax.targets);

function metadataRef(meta: MetaFile | undefined, bytesMax: number): MetadataRef | undefined {
  const sha256 = meta?.hashes?.['sha256'];
  if (meta?.length === undefined || sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  if (!Number.isSafeInteger(meta.length) || meta.length < 1 || meta.length > bytesMax) return undefined;
  if (!Number.isSafeInteger(meta.version)) return undefined;
  return { version: meta.version, length: meta.length, sha256 };
}

/** Metadata whose form and signatures are right: read back from our own disk, it needs no more than that. */
export function signedBy<R extends MetadataRole>(
  root: TrustedRoot,
  role: R,
  bytes: Buffer,
): Result<Parsed<R>, Refusal> {
  const parsed = parseMetadata(role, bytes);
  if (!parsed.ok) return parsed;
  const signed = checkSignatures(role, parsed.value.signedBytes, parsed.value.signatures, [root.roles[role]]);
  return signed.ok ? parsed : signed;
}

function checkNamed(role: MetadataRole, named: MetadataRef, bytes: Buffer): Result<undefined, Refusal> {
  if (bytes.length !== named.length)
    return refuse('metadata-mismatch', `${role}: ${bytes.length} bytes, named are ${named.length}`);
  return sha256Hex(bytes) === named.sha256 ? ok(undefined) : refuse('metadata-mismatch', `${role}: another digest`);
}

function notOlder<R extends MetadataRole>(role: R, trusted: Parsed<R>, next: Parsed<R>): Result<undefined, Refusal> {
  const [before, after] = [trusted.signed.version, next.signed.version];
  if (after < before) return refuse('metadata-older', `${role} ${after}, trusted ${before}`);
  if (after === before && !next.bytes.equals(trusted.bytes))
    return refuse('metadata-mismatch', `${role} ${after} has two contents`);
  return ok(undefined);
}

const fresh = <R extends MetadataRole>(parsed: Parsed<R>, now: Date): Result<Parsed<R>, Refusal> =>
  isExpired(parsed.signed.expires, now)
    ? refuse('metadata-expired', `${parsed.role} ${parsed.signed.version}, ${parsed.signed.expires}`)
    : ok(parsed);
