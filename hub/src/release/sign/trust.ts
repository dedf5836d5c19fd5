import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { TargetsDraft, TargetsSubmission } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import {
  buildSnapshot,
  buildTargets,
  buildTimestamp,
  dayMs,
  expiresIn,
} from '@collimator/shared/release/build-metadata';
import type { SigningKey } from '@collimator/shared/release/keys';
import { type MetadataRole, type Parsed, parseMetadata } from '@collimator/shared/release/metadata';
import { refusalError } from '@collimator/shared/release/refusal';
import { documentBytes, signDocument } from '@collimator/shared/release/signatures';
import { targetOf, type TargetRef, targetPath } from '@collimator/shared/release/targets';
import { snapshotRef, targetsRef } from '@collimator/shared/release/trusted-metadata';
import type { ObjectStore } from '../registry/object-store.ts';
import { createTurns } from '../turns.ts';
import { checkSubmission } from './check-submission.ts';
import {
  broken,
  type Published,
  readIfThere,
  readPublished,
  readRoots,
  readTargets,
  writePublished,
} from './repository-files.ts';

/** How long each role lives. The hub signs timestamp and snapshot anew by itself, long before. */
export const lifetimes = { targetsDays: 365, snapshotDays: 7, timestampDays: 1 } as const;
/** A snapshot with less life left than this is signed anew together with the timestamp. */
const snapshotRenewMs = 3.5 * dayMs;

/** The TUF repository of the hub: offline keys say which releases there are, the online keys that this is the newest. */
export interface Trust {
  readonly rootVersion: number;
  /** A root by version, or undefined when there is none. */
  rootBytes(version: number): Buffer | undefined;
  timestampBytes(): Buffer;
  /** Whether the signed targets name exactly this release. */
  isSigned(ref: ReleaseRef): boolean;
  /** The next targets, unsigned. @throws CodedError `release-already-signed` */
  draft(ref: ReleaseRef & { readonly length: number }): TargetsDraft;
  /** Publishes newly signed targets. @throws CodedError for each reason of `checkSubmission` */
  submitTargets(submission: TargetsSubmission): Promise<void>;
  /** Signs a new timestamp (and a snapshot when it is half through its life). Called on a schedule. */
  refreshTimestamp(): Promise<void>;
  /** A published metadata file by name: `N.root.json`, `N.targets.json`, `N.snapshot.json`, `timestamp.json`. */
  file(name: string): Promise<Buffer | undefined>;
  /** Calls back after each new timestamp; the returned function ends it. */
  onChange(listener: () => void): () => void;
}

export type TrustDeps = {
  readonly dir: string;
  readonly objects: ObjectStore;
  readonly registered: (name: string, version: string) => TargetRef | undefined;
  readonly snapshotKey: SigningKey;
  readonly timestampKey: SigningKey;
  readonly now: () => Date;
  readonly log: Log;
};

const metadataFile = /^(?:(\d{1,12})\.(root|targets|snapshot)|timestamp)\.json$/;

/**
 * Opens the repository, checks all of it against its root, and publishes for the first time if it never has.
 * @throws CodedError `trust-repository-broken`, `signing-key-wrong`
 */
export async function openTrust(deps: TrustDeps): Promise<Trust> {
  const { dir, objects, now, log, snapshotKey, timestampKey } = deps;
  const roots = await readRoots(dir);
  const root = roots.at(-1);
  if (root === undefined) throw broken(dir, 'there is no N.root.json');
  for (const [role, key] of [
    ['snapshot', snapshotKey],
    ['timestamp', timestampKey],
  ] as const)
    if (!root.roles[role].keys.has(key.keyid)) throw new CodedError('signing-key-wrong', `${role} key of the hub`);

  const listeners = new Set<() => void>();
  let published = (await readPublished(dir, root)) ?? (await firstPublication());
  await keepObjects(published);
  /** One change at a time: each is numbered after the one before. */
  const inTurn = createTurns();

  async function firstPublication(): Promise<Published> {
    const first = signOnline(await readTargets(dir, root!, 1), undefined);
    await writePublished(dir, first);
    return first;
  }

  /** Devices ask for metadata by digest, like for everything else. */
  async function keepObjects({ snapshot, targets }: Published): Promise<void> {
    await objects.put(targets.bytes);
    await objects.put(snapshot.bytes);
  }

  function signOnline(targets: Parsed<'targets'>, before: Published | undefined): Published {
    const at = now();
    const kept =
      before !== undefined &&
      before.targets === targets &&
      Date.parse(before.snapshot.signed.expires) - at.getTime() > snapshotRenewMs;
    const snapshot = kept
      ? before.snapshot
      : signed(
          'snapshot',
          snapshotKey,
          buildSnapshot({
            version: (before?.snapshot.signed.version ?? 0) + 1,
            expires: expiresIn(at, lifetimes.snapshotDays),
            targets: targets.bytes,
            targetsVersion: targets.signed.version,
          }),
        );
    const timestamp = signed(
      'timestamp',
      timestampKey,
      buildTimestamp({
        version: (before?.timestamp.signed.version ?? 0) + 1,
        expires: expiresIn(at, lifetimes.timestampDays),
        snapshot: snapshot.bytes,
        snapshotVersion: snapshot.signed.version,
      }),
    );
    return { targets, snapshot, timestamp };
  }

  const publish = (next: () => Parsed<'targets'>): Promise<void> =>
    inTurn(async () => {
      const planned = signOnline(next(), published);
      await keepObjects(planned);
      await writePublished(dir, planned);
      published = planned;
      log.event('timestamp-refreshed', {
        version: planned.timestamp.signed.version,
        snapshot: planned.snapshot.signed.version,
      });
      for (const listener of listeners) listener();
    });

  return {
    rootVersion: root.version,
    rootBytes: (version) => roots.find((r) => r.version === version)?.parsed.bytes,
    timestampBytes: () => published.timestamp.bytes,
    isSigned: (ref) => targetOf(published.targets, ref.name, ref.version)?.sha256 === ref.sha256,
    draft(ref) {
      const { signed } = published.targets;
      const path = targetPath(ref.name, ref.version);
      if (path in signed.targets) throw new CodedError('release-already-signed', `${ref.name} ${ref.version}`);
      const kept = Object.entries(signed.targets).map(([path, file]) => ({
        path,
        sha256: file.hashes['sha256'] ?? '',
        length: file.length,
      }));
      return {
        signed: buildTargets({
          version: signed.version + 1,
          expires: expiresIn(now(), lifetimes.targetsDays),
          targets: [...kept, { path, sha256: ref.sha256, length: ref.length }],
        }),
      };
    },
    async submitTargets(submission) {
      const bytes = submissionBytes(submission);
      await publish(() => {
        const checked = checkSubmission(bytes, {
          root,
          present: published.targets,
          now: now(),
          registered: deps.registered,
        });
        if (checked.ok) {
          const added =
            Object.keys(checked.value.signed.targets).length - Object.keys(published.targets.signed.targets).length;
          log.event('targets-accepted', { version: checked.value.signed.version, added });
          return checked.value;
        }
        log.event('targets-refused', { code: checked.error.code, reason: checked.error.detail });
        throw refusalError(checked.error);
      });
    },
    refreshTimestamp: () => publish(() => published.targets),
    async file(name) {
      const [, version, role] = metadataFile.exec(name) ?? [];
      if (name === 'timestamp.json') return published.timestamp.bytes;
      if (version === undefined || role === undefined) return undefined;
      const newest = {
        root: root.version,
        targets: targetsRef(published.snapshot)?.version ?? 0,
        snapshot: snapshotRef(published.timestamp)?.version ?? 0,
      }[role as Exclude<MetadataRole, 'timestamp'>];
      return Number(version) <= newest ? readIfThere(join(dir, name)) : undefined;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** @throws CodedError `metadata-malformed` for what canonical JSON cannot hold, such as a fraction */
function submissionBytes({ signed, signatures }: TargetsSubmission): Buffer {
  try {
    return documentBytes(signed, signatures);
  } catch (cause) {
    throw new CodedError('metadata-malformed', 'targets: not canonical JSON', { cause });
  }
}

function signed<R extends MetadataRole>(role: R, key: SigningKey, document: object): Parsed<R> {
  const parsed = parseMetadata(role, signDocument(document, [key]));
  if (!parsed.ok) throw refusalError(parsed.error);
  return parsed.value;
}
