import { canonicalJson } from '@collimator/shared/release/canonical-json';
import type { Parsed } from '@collimator/shared/release/metadata';
import { isExpired } from '@collimator/shared/release/metadata';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { targetOf, type TargetRef, targetPath } from '@collimator/shared/release/targets';
import { signedBy } from '@collimator/shared/release/trusted-metadata';
import type { TrustedRoot } from '@collimator/shared/release/trusted-root';
import { ok, type Result } from '@collimator/shared/result';

export type SubmissionContext = {
  readonly root: TrustedRoot;
  readonly present: Parsed<'targets'>;
  readonly now: Date;
  readonly registered: (name: string, version: string) => TargetRef | undefined;
};

/**
 * Decides whether newly signed targets may be published: signed by the threshold, exactly one version on, every earlier
 * release kept as it was, and every new one registered here with that very digest.
 */
export function checkSubmission(
  bytes: Buffer,
  { root, present, now, registered }: SubmissionContext,
): Result<Parsed<'targets'>, Refusal> {
  const read = signedBy(root, 'targets', bytes);
  if (!read.ok) return read;
  const next = read.value;
  const [before, after] = [present.signed.version, next.signed.version];
  if (after === before && next.signedBytes.equals(present.signedBytes))
    return refuse('release-already-signed', `targets ${after}`);
  if (after !== before + 1) return refuse('targets-out-of-date', `targets ${after}, present ${before}`);
  if (isExpired(next.signed.expires, now)) return refuse('metadata-expired', `targets ${after}`);
  for (const [path, file] of Object.entries(present.signed.targets)) {
    const kept = next.signed.targets[path];
    if (kept === undefined || !canonicalJson(kept.toJSON()).equals(canonicalJson(file.toJSON())))
      return refuse('targets-changed', path);
  }
  for (const path of Object.keys(next.signed.targets)) {
    if (path in present.signed.targets) continue;
    const [, name = '', version = ''] = path.split('/');
    const [signed, here] = [targetOf(next, name, version), registered(name, version)];
    if (path !== targetPath(name, version) || here === undefined) return refuse('release-unknown', path);
    if (signed?.sha256 !== here.sha256 || signed.length !== here.length) return refuse('target-mismatch', path);
  }
  return ok(next);
}
