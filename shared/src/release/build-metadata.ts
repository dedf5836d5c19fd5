import { MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';
import { sha256Hex } from './canonical-json.ts';
import type { SigningKey, TufKey } from './keys.ts';
import { metadataTime } from './metadata.ts';
import { directorField } from './trusted-root.ts';

/** The version of the TUF specification that our metadata follows. */
const specVersion = '1.0.31';
export const dayMs = 86_400_000;

type PublicKey = { readonly keyid: string; readonly key: TufKey };
export type RootRole = { readonly keys: readonly PublicKey[]; readonly threshold: number };
type Head = { readonly version: number; readonly expires: Date };

/** The signed part of a root: who may sign what, and who directs. */
export function buildRoot(
  head: Head & {
    readonly roles: Readonly<Record<'root' | 'targets' | 'snapshot' | 'timestamp', RootRole>>;
    readonly director: PublicKey;
  },
): object {
  const keys: Record<string, ReturnType<typeof jsonOf>> = {};
  const roles: Record<string, { keyids: string[]; threshold: number }> = {};
  for (const [name, role] of Object.entries(head.roles)) {
    for (const { keyid, key } of role.keys) keys[keyid] = jsonOf(key);
    roles[name] = { keyids: role.keys.map(({ keyid }) => keyid), threshold: role.threshold };
  }
  const { version, specVersion: spec_version, expires } = common(head);
  const director = { keyid: head.director.keyid, key: jsonOf(head.director.key) };
  return Root.fromJSON({
    _type: 'root',
    spec_version,
    version,
    expires,
    keys,
    roles,
    consistent_snapshot: true,
    [directorField]: director,
  }).toJSON();
}

export type TargetEntry = { readonly path: string; readonly sha256: string; readonly length: number };

export function buildTargets(head: Head & { readonly targets: readonly TargetEntry[] }): object {
  const targets = new Targets(common(head));
  for (const { path, sha256, length } of head.targets)
    targets.addTarget(new TargetFile({ path, length, hashes: { sha256 } }));
  return targets.toJSON();
}

/** Names the targets metadata by version, length and digest. */
export const buildSnapshot = (head: Head & { readonly targets: Buffer; readonly targetsVersion: number }): object =>
  new Snapshot({
    ...common(head),
    meta: { 'targets.json': metaFile(head.targets, head.targetsVersion) },
  }).toJSON();

export const buildTimestamp = (head: Head & { readonly snapshot: Buffer; readonly snapshotVersion: number }): object =>
  new Timestamp({ ...common(head), snapshotMeta: metaFile(head.snapshot, head.snapshotVersion) }).toJSON();

export const publicPart = ({ keyid, key }: SigningKey): PublicKey => ({ keyid, key });

export const expiresIn = (now: Date, days: number): Date => new Date(now.getTime() + days * dayMs);

const common = (head: Head) => ({ version: head.version, specVersion, expires: metadataTime(head.expires) });
const metaFile = (bytes: Buffer, version: number): MetaFile =>
  new MetaFile({ version, length: bytes.length, hashes: { sha256: sha256Hex(bytes) } });
const jsonOf = (key: TufKey) => ({ ...key, keyval: { ...key.keyval } });
