import { ok, type Result } from '../result.ts';
import { type Signature, type SigningKey, signatureFits, signBytes, type TufKey } from './keys.ts';
import { canonicalJson } from './canonical-json.ts';
import { type Refusal, refuse } from './refusal.ts';

/** Who may sign something, and how many of them must. */
export type SigningRole = { readonly keys: ReadonlyMap<string, TufKey>; readonly threshold: number };

/**
 * Checks the signatures over `signed` against every role given.
 * Stricter than TUF 1.0 §5.3.3 in one point: a signature that is wrong or by a stranger refuses the whole file, so that
 * no byte of a file can change unseen. Each key counts once.
 */
export function checkSignatures(
  subject: string,
  signed: Uint8Array,
  signatures: readonly Signature[],
  roles: readonly SigningRole[],
): Result<undefined, Refusal> {
  const signers = new Set<string>();
  for (const { keyid, sig } of signatures) {
    const key = roles.map((role) => role.keys.get(keyid)).find((k) => k !== undefined);
    if (key === undefined) return refuse('metadata-key-unknown', `${subject}, key ${keyid.slice(0, 12)}`);
    if (!signatureFits(signed, key, sig))
      return refuse('metadata-signature-invalid', `${subject}, key ${keyid.slice(0, 12)}`);
    if (signers.has(keyid)) return refuse('metadata-malformed', `${subject}: a key signed twice`);
    signers.add(keyid);
  }
  for (const role of roles) {
    const count = [...signers].filter((keyid) => role.keys.has(keyid)).length;
    if (count < role.threshold)
      return refuse('metadata-signatures-too-few', `${subject}: ${count} of ${role.threshold}`);
  }
  return ok(undefined);
}

/** The bytes of a signed document, in canonical form throughout: `{"signatures":[…],"signed":{…}}`. */
export function signDocument(signed: object, keys: readonly SigningKey[]): Buffer {
  const bytes = canonicalJson(signed);
  return documentBytes(
    signed,
    keys.map((key) => signBytes(bytes, key)),
  );
}

export const documentBytes = (signed: unknown, signatures: readonly Signature[]): Buffer =>
  canonicalJson({ signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig })), signed });
