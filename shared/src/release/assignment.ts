import { type Assignment, type SignedAssignment, signedAssignment } from '../contracts/messages.ts';
import { formatProblems } from '../contracts/validate.ts';
import { ok, type Result } from '../result.ts';
import { canonicalJson } from './canonical-json.ts';
import { isExpired } from './metadata.ts';
import { type SigningKey, signatureFits } from './keys.ts';
import { type Refusal, refuse } from './refusal.ts';
import { signDocument } from './signatures.ts';
import type { TrustedRoot } from './trusted-root.ts';

/** An assignment is small; more than this is none. */
export const assignmentBytesMax = 16_384;

/** What the device knows when an assignment arrives. */
export type AssignmentContext = {
  readonly device: string;
  /** The release name of the topic it came on. */
  readonly name: string;
  readonly now: Date;
  /** The assignment of this name that was accepted before, exactly as it came. */
  readonly accepted?: { readonly serial: number; readonly bytes: Buffer } | undefined;
};

export const signAssignment = (assignment: Assignment, director: SigningKey): Buffer =>
  signDocument(assignment, [director]);

/** Reads an assignment without believing it: for reports of what was refused. */
export function readAssignment(bytes: Buffer): Result<SignedAssignment, Refusal> {
  if (bytes.length > assignmentBytesMax) return refuse('assignment-malformed', `${bytes.length} bytes`);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse('assignment-malformed', 'not JSON');
  }
  const checked = signedAssignment.check(json);
  if (!checked.ok) return refuse('assignment-malformed', formatProblems(checked.error).slice(0, 200));
  return canonicalJson(json).equals(bytes) ? checked : refuse('assignment-malformed', 'not in canonical form');
}

/**
 * Decides whether an assignment counts. Who signed it comes first: a stranger learns nothing about our state.
 * Its serial never goes back; the same serial is the same assignment, byte for byte.
 */
export function verifyAssignment(
  root: TrustedRoot,
  bytes: Buffer,
  { device, name, now, accepted }: AssignmentContext,
): Result<Assignment, Refusal> {
  const read = readAssignment(bytes);
  if (!read.ok) return read;
  const { signed, signatures } = read.value;
  const [signature, ...more] = signatures;
  if (more.length > 0 || signature?.keyid !== root.director.keyid)
    return refuse('assignment-signature-invalid', 'not the key of the director');
  if (!signatureFits(canonicalJson(signed), root.director.key, signature.sig))
    return refuse('assignment-signature-invalid', 'the signature does not fit');
  if (signed.device !== device) return refuse('assignment-wrong-device', `for ${signed.device}`);
  if (signed.release.name !== name) return refuse('assignment-malformed', `${signed.release.name} came as ${name}`);
  if (accepted !== undefined && signed.serial < accepted.serial)
    return refuse('assignment-older', `serial ${signed.serial}, accepted ${accepted.serial}`);
  if (accepted !== undefined && signed.serial === accepted.serial && !bytes.equals(accepted.bytes))
    return refuse('assignment-older', `serial ${signed.serial} has two contents`);
  if (isExpired(signed.expires, now)) return refuse('assignment-expired', `serial ${signed.serial}, ${signed.expires}`);
  return ok(signed);
}
