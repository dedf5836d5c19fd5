import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { ModelPhase } from '@collimator/shared/contracts/messages';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { readAssignment, verifyAssignment } from '@collimator/shared/release/assignment';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import type { Refusal } from '@collimator/shared/release/refusal';
import { isTransient } from '../model-error.ts';
import { createRepeats } from '../repeats.ts';
import type { ActiveReleases } from '../swap/active-releases.ts';
import { completeTrust, type RefreshDeps, type Refused, refreshRoot, takeTimestamp } from '../verify/refresh-trust.ts';
import type { Inbox } from './inbox.ts';
import type { Assignments, StoredAssignment } from './sqlite-assignments.ts';

/** Takes in what the hub announces: metadata that is newer and good, assignments that are newer and for us. */
export interface Hearing {
  /** The newest timestamp, if one waits. */
  timestamp(): Promise<void>;
  /** Every assignment that waits. */
  assignments(): Promise<void>;
  /** Whether a timestamp could not be followed up yet because the hub did not answer. */
  readonly unfinished: boolean;
}

export type HearingDeps = RefreshDeps & {
  readonly deviceId: string;
  readonly inbox: Inbox;
  readonly assignments: Assignments;
  readonly active: ActiveReleases;
  readonly checkpoint: Checkpoint;
  readonly signal: AbortSignal;
  readonly tell: (release: ReleaseRef, serial: number, phase: ModelPhase, refusal?: Refusal) => Promise<void>;
};

export function createHearing(deps: HearingDeps): Hearing {
  const { files, inbox, assignments, active, deviceId, now, log, signal } = deps;
  const repeats = createRepeats();
  let unfinished: Buffer | undefined;

  async function followTimestamp(bytes: Buffer): Promise<Refused | undefined> {
    const steps = [
      () => refreshRoot(deps, signal),
      () => Promise.resolve(takeTimestamp(deps, bytes)),
      () => completeTrust(deps, signal),
    ];
    for (const step of steps) {
      const done = await step();
      if (!done.ok) return done.error;
    }
    return undefined;
  }

  /** The hub is told once per refused content, for each release that it would have concerned. */
  async function metadataRefused({ role, code, detail }: Refused, bytes: Buffer): Promise<void> {
    log.event('metadata-refused', { role, code, reason: detail });
    if (repeats.seen('timestamp', `${sha256Hex(bytes)} ${code}`)) return;
    for (const { ref } of active.list()) await deps.tell(ref, 0, 'refused', { code, detail: `${role}: ${detail}` });
  }

  async function onAssignment(name: string, bytes: Buffer): Promise<void> {
    const known = assignments.get(name);
    const accepted = known && { serial: known.serial, bytes: known.envelope };
    const check = () => verifyAssignment(files.trust.root, bytes, { device: deviceId, name, now: now(), accepted });
    let verified = check();
    // A new director comes with a new root, which may not have reached us yet.
    if (!verified.ok && verified.error.code === 'assignment-signature-invalid') {
      await refreshRoot(deps, signal);
      verified = check();
    }
    if (!verified.ok) return assignmentRefused(name, bytes, verified.error, known);
    repeats.forget(`assignment ${name}`);
    if (known !== undefined && verified.value.serial === known.serial) return;
    await assignments.accept(verified.value, bytes);
    deps.checkpoint('model-announced');
    await deps.tell(verified.value.release, verified.value.serial, 'announced');
  }

  /** Reported under its own serial only where it could have been the next; an old one says nothing of the present. */
  async function assignmentRefused(
    name: string,
    bytes: Buffer,
    refusal: Refusal,
    known: StoredAssignment | undefined,
  ): Promise<void> {
    if (repeats.seen(`assignment ${name}`, `${sha256Hex(bytes)} ${refusal.code}`)) return;
    const read = readAssignment(bytes);
    const claimed = read.ok ? read.value.signed : undefined;
    const serial = claimed !== undefined && claimed.serial > (known?.serial ?? 0) ? claimed.serial : 0;
    // Where it cannot be read at all, the digest is that of the message itself: all that is known of it.
    const unread = { name, version: '0.0.0', sha256: sha256Hex(bytes) };
    const release = claimed?.release.name === name ? claimed.release : unread;
    const { version, sha256 } = release;
    log.event('model-refused', { name, version, sha256, serial, code: refusal.code, reason: refusal.detail });
    await deps.tell(release, serial, 'refused', refusal);
  }

  return {
    get unfinished() {
      return unfinished !== undefined;
    },
    async timestamp() {
      const bytes = inbox.takeTimestamp() ?? unfinished;
      if (bytes === undefined) return;
      const before = files.trust;
      const refused = await followTimestamp(bytes);
      unfinished = refused !== undefined && isTransient(refused) ? bytes : undefined;
      if (files.trust !== before) await assignments.retryNow();
      if (refused === undefined) repeats.forget('timestamp');
      else if (unfinished === undefined) await metadataRefused(refused, bytes);
    },
    async assignments() {
      for (let next = inbox.takeAssignment(); next !== undefined; next = inbox.takeAssignment())
        await onAssignment(next.name, next.bytes);
    },
  };
}
