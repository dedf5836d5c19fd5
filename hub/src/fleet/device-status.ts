import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceSummary } from '@collimator/shared/contracts/http-api';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';

export type DeviceStatus = DeviceSummary['status'];

/** Everything a status follows from. Times in milliseconds since 1970. */
export type DeviceFacts = {
  readonly retired: boolean;
  readonly online: boolean;
  /** Last word of the device, or null when it never spoke since it enrolled. */
  readonly seenAtMs: number | null;
  /** What the hub wants it to run, one release a name. */
  readonly assigned: readonly ReleaseRef[];
  /** What it last said of each release name. */
  readonly reported: readonly DeviceRelease[];
};

/** A device says something at least every minute; after three it is silent whatever the broker believes. */
export const silentAfterMs = 180_000;

/**
 * registered: enrolled, never heard. silent: not connected, or not heard for too long. pending: connected, and nothing
 * is assigned yet or it has not taken up what is. updating: on the way to what is assigned. degraded: it refused what
 * is assigned, or runs it on expired metadata. in-sync: it runs what is assigned. retired: no longer ours.
 */
export function deviceStatus(facts: DeviceFacts, nowMs: number): DeviceStatus {
  if (facts.retired) return 'retired';
  if (facts.seenAtMs === null) return 'registered';
  if (!facts.online || nowMs - facts.seenAtMs > silentAfterMs) return 'silent';
  if (facts.assigned.length === 0) return 'pending';
  const each = facts.assigned.map((release) => releaseStatus(release, facts.reported));
  return worstFirst.find((status) => each.includes(status)) ?? 'in-sync';
}

const worstFirst = ['degraded', 'updating', 'pending', 'in-sync'] as const;
type ReleaseStatus = (typeof worstFirst)[number];

function releaseStatus(assigned: ReleaseRef, reported: readonly DeviceRelease[]): ReleaseStatus {
  const said = reported.find((release) => release.name === assigned.name);
  if (said === undefined) return 'pending';
  if (same(said.active, assigned)) return said.stale ? 'degraded' : 'in-sync';
  if (!same(said.assigned, assigned)) return 'pending';
  return said.phase === 'refused' || said.phase === 'withdrawn' ? 'degraded' : 'updating';
}

const same = (a: ReleaseRef | null, b: ReleaseRef): boolean =>
  a !== null && a.name === b.name && a.version === b.version && a.sha256 === b.sha256;
