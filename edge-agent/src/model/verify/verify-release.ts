import type { ReleaseRef } from '@collimator/shared/contracts/common';
import { verifyAssignment } from '@collimator/shared/release/assignment';
import type { Refusal } from '@collimator/shared/release/refusal';
import { type TargetRef, verifyTargetNamed } from '@collimator/shared/release/targets';
import { type Trust, trustFresh } from '@collimator/shared/release/trusted-metadata';
import { ok, type Result } from '@collimator/shared/result';

export type AssignmentToVerify = {
  readonly ref: ReleaseRef;
  readonly serial: number;
  readonly envelope: Buffer;
};

/**
 * Decides, with what is trusted at this very moment, whether an accepted assignment may be installed: metadata fresh,
 * director's word still good, and the same digest named by the targets. Asked before the fetch and again before the
 * swap, because a fetch can outlive what allowed it.
 */
export function mayInstall(
  trust: Trust,
  { ref, serial, envelope }: AssignmentToVerify,
  device: string,
  now: Date,
): Result<{ readonly trust: Required<Trust>; readonly target: TargetRef }, Refusal> {
  const fresh = trustFresh(trust, now);
  if (!fresh.ok) return fresh;
  const accepted = { serial, bytes: envelope };
  const assigned = verifyAssignment(trust.root, envelope, { device, name: ref.name, now, accepted });
  if (!assigned.ok) return assigned;
  const target = verifyTargetNamed(fresh.value.targets, ref);
  return target.ok ? ok({ trust: fresh.value, target: target.value }) : target;
}
