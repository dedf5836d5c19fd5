import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { type Signature, type SigningKey, signatureFits } from '@collimator/shared/release/keys';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { documentBytes } from '@collimator/shared/release/signatures';
import { signedBy } from '@collimator/shared/release/trusted-metadata';
import type { TrustedRoot } from '@collimator/shared/release/trusted-root';
import { ok, type Result } from '@collimator/shared/result';

/** What vouches for the present targets: a root that the signer brings along, or else the signer's own keys. */
export type Vouching = { readonly keys: readonly SigningKey[]; readonly root?: TrustedRoot | undefined };

/**
 * The signed part of the targets that the hub calls present. Every release in them is signed again with the new one,
 * so a hub that made them up would get its own releases signed: with a root, its threshold must have signed them;
 * without one, at least one of the keys that sign now.
 */
export function checkPresent(document: unknown, { keys, root }: Vouching): Result<unknown, Refusal> {
  const { signed, signatures } = (document ?? {}) as { signed?: unknown; signatures?: unknown };
  if (typeof signed !== 'object' || signed === null || !isSignatures(signatures))
    return refuse('metadata-malformed', 'the present targets are no signed metadata');
  let bytes: Buffer;
  try {
    bytes = canonicalJson(signed);
  } catch {
    return refuse('metadata-malformed', 'the present targets are not canonical JSON');
  }
  if (root !== undefined) {
    const read = signedBy(root, 'targets', documentBytes(signed, signatures));
    return read.ok ? ok(signed) : read;
  }
  const vouched = signatures.some(({ keyid, sig }) => {
    const own = keys.find((key) => key.keyid === keyid);
    return own !== undefined && signatureFits(bytes, own.key, sig);
  });
  return vouched
    ? ok(signed)
    : refuse('metadata-signatures-too-few', 'no key given here signed the present targets; give a trusted --root');
}

const isSignatures = (value: unknown): value is readonly Signature[] =>
  Array.isArray(value) &&
  value.every((each: Partial<Signature> | null) => typeof each?.keyid === 'string' && typeof each.sig === 'string');
