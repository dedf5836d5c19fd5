import type { ReleaseRef } from '../contracts/common.ts';
import { type Release, release } from '../contracts/release.ts';
import { formatProblems } from '../contracts/validate.ts';
import { ok, type Result } from '../result.ts';
import { sha256Hex } from './canonical-json.ts';
import type { Parsed } from './metadata.ts';
import { type Refusal, refuse } from './refusal.ts';
import { fileListProblem } from './file-list.ts';

/** The one TUF target of a release; its `release.json` names every other file by digest. */
export const targetPath = (name: string, version: string): string => `releases/${name}/${version}/release.json`;

/** How long a release.json may be. */
export const releaseJsonBytesMax = 16_777_216;

export type TargetRef = { readonly sha256: string; readonly length: number };

/** What the signed targets say of a release name and version. */
export function targetOf(targets: Parsed<'targets'>, name: string, version: string): TargetRef | undefined {
  const target = targets.signed.targets[targetPath(name, version)];
  const sha256 = target?.hashes['sha256'];
  if (target === undefined || sha256 === undefined || target.length > releaseJsonBytesMax) return undefined;
  return { sha256, length: target.length };
}

/** A device installs what the targets and its assignment both name, and nothing else (Uptane §5.4.4). */
export function verifyTargetNamed(targets: Parsed<'targets'>, ref: ReleaseRef): Result<TargetRef, Refusal> {
  const target = targetOf(targets, ref.name, ref.version);
  if (target === undefined)
    return refuse('target-unknown', `${ref.name} ${ref.version}, targets ${targets.signed.version}`);
  if (target.sha256 !== ref.sha256)
    return refuse('target-mismatch', `${ref.name} ${ref.version}: the assignment names another digest`);
  return ok(target);
}

/** The release.json that the targets name: length and digest first, then its form, its name and its files. */
export function verifyTarget(targets: Parsed<'targets'>, ref: ReleaseRef, bytes: Buffer): Result<Release, Refusal> {
  const target = verifyTargetNamed(targets, ref);
  if (!target.ok) return target;
  const subject = `${ref.name} ${ref.version}`;
  if (bytes.length !== target.value.length) return refuse('target-mismatch', `${subject}: ${bytes.length} bytes`);
  if (sha256Hex(bytes) !== target.value.sha256) return refuse('target-mismatch', `${subject}: another digest`);
  return readRelease(bytes, ref);
}

/** A release.json whose digest is known to be right. */
export function readRelease(bytes: Buffer, ref: { name: string; version: string }): Result<Release, Refusal> {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse('release-invalid', `${ref.name} ${ref.version}: not JSON`);
  }
  const checked = release.check(json);
  if (!checked.ok)
    return refuse('release-invalid', `${ref.name} ${ref.version}: ${formatProblems(checked.error).slice(0, 400)}`);
  if (checked.value.name !== ref.name || checked.value.version !== ref.version)
    return refuse('target-mismatch', `${ref.name} ${ref.version} calls itself ${checked.value.name}`);
  const problem = fileListProblem(checked.value.files);
  return problem === undefined ? ok(checked.value) : { ok: false, error: problem };
}
