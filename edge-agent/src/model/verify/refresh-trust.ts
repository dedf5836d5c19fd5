import type { Log } from '@collimator/shared/observe/log';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import type { MetadataRole } from '@collimator/shared/release/metadata';
import type { Refusal } from '@collimator/shared/release/refusal';
import {
  snapshotRef,
  targetsRef,
  updateSnapshot,
  updateTargets,
  updateTimestamp,
} from '@collimator/shared/release/trusted-metadata';
import { updateRoot } from '@collimator/shared/release/trusted-root';
import { ok, type Result } from '@collimator/shared/result';
import { fetchObject } from '../fetch/fetch-object.ts';
import type { RangeClient } from '../fetch/range-client.ts';
import type { TrustFiles } from './trust-files.ts';

/** Roots taken in one refresh (TUF 1.0 §5.3.3); a device that slept longer goes on at the next. */
const rootsMax = 64;

export type Refused = Refusal & { readonly role: MetadataRole };

export type RefreshDeps = {
  readonly files: TrustFiles;
  readonly ranges: RangeClient;
  readonly now: () => Date;
  readonly log: Log;
};

/** Takes every newer root that the hub has, one by one. */
export async function refreshRoot(deps: RefreshDeps, signal: AbortSignal): Promise<Result<undefined, Refused>> {
  const { files, ranges, log } = deps;
  for (let taken = 0; taken < rootsMax; taken++) {
    const bytes = await ranges.root(files.trust.root.version + 1, signal);
    if (!bytes.ok) return refused('root', bytes.error);
    if (bytes.value === undefined) return ok(undefined);
    const next = updateRoot(files.trust.root, bytes.value);
    if (!next.ok) return refused('root', next.error);
    await files.setRoot(next.value);
    log.event('metadata-trusted', { role: 'root', version: next.value.version });
  }
  return ok(undefined);
}

/** Takes a timestamp that was announced; each role is on our disk before the next is asked for. */
export async function takeTimestamp(deps: RefreshDeps, bytes: Buffer): Promise<Result<undefined, Refused>> {
  const { files, now, log } = deps;
  const next = updateTimestamp(files.trust, bytes, now());
  if (!next.ok) return refused('timestamp', next.error);
  if (files.trust.timestamp?.bytes.equals(bytes) !== true) {
    await files.set('timestamp', next.value);
    log.event('metadata-trusted', { role: 'timestamp', version: next.value.signed.version });
  }
  return ok(undefined);
}

/** Fetches the snapshot and the targets that the trusted timestamp names, where they are not here yet. */
export async function completeTrust(deps: RefreshDeps, signal: AbortSignal): Promise<Result<undefined, Refused>> {
  const { files, ranges, now, log } = deps;
  const snapshot = files.trust.timestamp && snapshotRef(files.trust.timestamp);
  if (snapshot === undefined) return ok(undefined);
  if (files.trust.snapshot === undefined || sha256Hex(files.trust.snapshot.bytes) !== snapshot.sha256) {
    const bytes = await fetchObject(ranges, snapshot, signal);
    if (!bytes.ok) return refused('snapshot', bytes.error);
    const next = updateSnapshot(files.trust, bytes.value, now());
    if (!next.ok) return refused('snapshot', next.error);
    await files.set('snapshot', next.value);
    log.event('metadata-trusted', { role: 'snapshot', version: snapshot.version });
  }
  const targets = files.trust.snapshot && targetsRef(files.trust.snapshot);
  if (targets === undefined) return ok(undefined);
  if (files.trust.targets === undefined || sha256Hex(files.trust.targets.bytes) !== targets.sha256) {
    const bytes = await fetchObject(ranges, targets, signal);
    if (!bytes.ok) return refused('targets', bytes.error);
    const next = updateTargets(files.trust, bytes.value, now());
    if (!next.ok) return refused('targets', next.error);
    await files.set('targets', next.value);
    log.event('metadata-trusted', { role: 'targets', version: targets.version });
  }
  return ok(undefined);
}

const refused = (role: MetadataRole, refusal: Refusal): { readonly ok: false; readonly error: Refused } => ({
  ok: false,
  error: { ...refusal, role },
});
