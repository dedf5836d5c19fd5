import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { ModelPhase } from '@collimator/shared/contracts/messages';
import type { Release } from '@collimator/shared/contracts/release';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { compatible, type DeviceCapabilities } from '@collimator/shared/release/compatibility';
import { releaseJsonName } from '@collimator/shared/release/file-list';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { type TargetRef, verifyTarget } from '@collimator/shared/release/targets';
import { ok, type Result } from '@collimator/shared/result';
import type { Assignments, StoredAssignment } from './announce/sqlite-assignments.ts';
import { planChunks } from './fetch/chunk-plan.ts';
import { fetchChunks } from './fetch/fetch-chunks.ts';
import { fetchObject } from './fetch/fetch-object.ts';
import { dropPartial, openPartial } from './fetch/partial-release.ts';
import { checkFolder } from './stage/check-folder.ts';
import { placeRelease, releaseFolder, removeOthers } from './stage/place-release.ts';
import { judge, type SelfTest } from './stage/self-test.ts';
import type { SwappableReleases } from './swap/active-releases.ts';
import { completeTrust, type RefreshDeps } from './verify/refresh-trust.ts';
import { mayInstall } from './verify/verify-release.ts';

export type InstallDeps = RefreshDeps & {
  readonly deviceId: string;
  /** `<data>/releases` and `<data>/releases-incoming`, on one file system. */
  readonly releases: string;
  readonly incoming: string;
  readonly assignments: Assignments;
  readonly active: SwappableReleases;
  readonly capabilities: DeviceCapabilities;
  readonly selfTest: SelfTest;
  readonly checkpoint: Checkpoint;
  /** Makes a phase durable and tells the hub. */
  readonly advance: (assigned: StoredAssignment, phase: ModelPhase) => Promise<void>;
  /** Takes the newest timestamp that was announced meanwhile. */
  readonly catchUp: () => Promise<void>;
};

/**
 * The whole way of one assignment: verify → fetch → verify → stage → swap. Finds what an interrupted run left.
 * A failure leaves what runs untouched.
 */
export async function install(
  deps: InstallDeps,
  assigned: StoredAssignment,
  signal: AbortSignal,
): Promise<Result<undefined, Refusal>> {
  const { ref, serial } = assigned;
  const complete = await completeTrust(deps, signal);
  if (!complete.ok) return complete;
  const allowed = mayInstall(deps.files.trust, assigned, deps.deviceId, deps.now());
  if (!allowed.ok) return allowed;

  const folder = releaseFolder(deps.releases, ref.name, ref.sha256);
  const manifest = await manifestOf(deps, ref, allowed.value.target, folder, signal);
  if (!manifest.ok) return manifest;
  const release = verifyTarget(allowed.value.trust.targets, ref, manifest.value);
  if (!release.ok) return release;
  const fits = compatible(release.value.device, deps.capabilities);
  if (!fits.ok) return fits;

  if (!(await checkFolder(folder, release.value.files)).ok) {
    await deps.advance(assigned, 'fetching');
    const fetched = await fetchInto(deps, ref, release.value, manifest.value, folder, signal);
    if (!fetched.ok) return fetched;
  }
  await deps.advance(assigned, 'verified');
  deps.checkpoint('model-verified');

  const tested = judge(release.value, await deps.selfTest(folder, release.value));
  if (!tested.ok) return tested;
  await deps.advance(assigned, 'staged');
  deps.checkpoint('model-staged');

  // A timestamp may have come while we worked; the one from before may have expired by now.
  await deps.catchUp();
  const still = mayInstall(deps.files.trust, assigned, deps.deviceId, deps.now());
  if (!still.ok) return still;
  if (signal.aborted) return refuse('model-superseded', `${ref.name} ${ref.version}`);
  const together = [deps.assignments.phase(ref.name, serial, 'active')];
  await deps.active.swap({ ref, folder, release: release.value }, serial, deps.now(), together);
  deps.checkpoint('model-swapped');
  await removeOthers(deps.releases, ref.name, new Set(deps.active.keep(ref.name)));
  return ok(undefined);
}

/** release.json from the folder in place, or from the hub. */
async function manifestOf(
  deps: InstallDeps,
  ref: ReleaseRef,
  target: TargetRef,
  folder: string,
  signal: AbortSignal,
): Promise<Result<Buffer, Refusal>> {
  try {
    const bytes = await readFile(join(folder, releaseJsonName));
    if (verifyTarget(deps.files.trust.targets!, ref, bytes).ok) return ok(bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return fetchObject(deps.ranges, target, signal);
}

async function fetchInto(
  deps: InstallDeps,
  ref: ReleaseRef,
  release: Release,
  manifest: Buffer,
  folder: string,
  signal: AbortSignal,
): Promise<Result<undefined, Refusal>> {
  const opened = await openPartial(deps.incoming, ref.sha256, release.files);
  if (!opened.ok) return opened;
  const partial = opened.value;
  try {
    deps.checkpoint('model-fetching');
    const missing = await partial.missing(planChunks(release.files));
    const fetched = await fetchChunks(deps.ranges, partial, missing, signal);
    if (!fetched.ok) return fetched;
    const whole = await checkFolder(partial.folder, release.files);
    if (!whole.ok) {
      // Every chunk was right and the file is not: the list itself is wrong, or the disk is. Nothing of it is kept.
      await dropPartial(deps.incoming, ref.sha256);
      return whole;
    }
    await placeRelease(partial.folder, folder, manifest, release.files);
  } finally {
    await partial.close();
  }
  await dropPartial(deps.incoming, ref.sha256);
  return ok(undefined);
}
