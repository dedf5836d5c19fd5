import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { canonicalJson, sha256Hex } from './canonical-json.ts';

/** A public key as TUF metadata writes it (TUF 1.0 §4.2): Ed25519 only, the public part as 64 hex digits. */
export type TufKey = {
  readonly keytype: 'ed25519';
  readonly scheme: 'ed25519';
  readonly keyval: { readonly public: string };
};

/** A private key with the id and the public part that stand in metadata. */
export type SigningKey = { readonly keyid: string; readonly key: TufKey; readonly privateKey: KeyObject };

export type Signature = { readonly keyid: string; readonly sig: string };

/** SubjectPublicKeyInfo header of an Ed25519 key (RFC 8410 §4); the 32 bytes of the key follow. */
const spkiHeader = Buffer.from('302a300506032b6570032100', 'hex');

export const tufKey = (publicHex: string): TufKey => ({
  keytype: 'ed25519',
  scheme: 'ed25519',
  keyval: { public: publicHex },
});

/** SHA-256 of the canonical form of the key: the same key can never stand under two ids. */
export const keyId = (key: TufKey): string => sha256Hex(canonicalJson(key));

export function signingKey(privateKey: KeyObject): SigningKey {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new CodedError('signing-key-unusable', 'not an Ed25519 key');
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const key = tufKey(spki.toString('hex', spkiHeader.length));
  return { keyid: keyId(key), key, privateKey };
}

export const generateSigningKey = (): SigningKey => signingKey(generateKeyPairSync('ed25519').privateKey);

/** @throws CodedError `signing-key-unusable`; `subject` names the file */
export function signingKeyFromPem(pem: string, subject: string): SigningKey {
  try {
    return signingKey(createPrivateKey(pem));
  } catch (cause) {
    throw new CodedError('signing-key-unusable', subject, { cause });
  }
}

export const privateKeyPem = (key: SigningKey): string =>
  key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

export const publicKeyPem = (key: TufKey): string =>
  publicKeyOf(key).export({ format: 'pem', type: 'spki' }).toString();

export const signBytes = (bytes: Uint8Array, key: SigningKey): Signature => ({
  keyid: key.keyid,
  sig: sign(null, bytes, key.privateKey).toString('hex'),
});

/** Whether `sig` is the signature of exactly these bytes; lower-case hex only, so that it has one spelling. */
export const signatureFits = (bytes: Uint8Array, key: TufKey, sig: string): boolean =>
  /^[0-9a-f]{128}$/.test(sig) && verify(null, bytes, publicKeyOf(key), Buffer.from(sig, 'hex'));

const publicKeyOf = (key: TufKey): KeyObject =>
  createPublicKey({
    key: Buffer.concat([spkiHeader, Buffer.from(key.keyval.public, 'hex')]),
    format: 'der',
    type: 'spki',
  });
