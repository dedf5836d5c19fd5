import 'reflect-metadata';
import { createPublicKey } from 'node:crypto';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';
import * as x509 from '@peculiar/x509';
import { type KeyPair, signingAlgorithm } from './key-pair.ts';

/** A request of a device for its own certificate: PKCS#10, the serial as common name and nothing else. */
export async function createRequest(
  serial: string,
  keys: KeyPair,
  algorithm: { readonly name: string; readonly hash: string } = signingAlgorithm,
): Promise<string> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([{ CN: [serial] }]),
    keys,
    signingAlgorithm: algorithm,
  });
  return request.toString('pem');
}

/**
 * Checks a request before anything is signed: it is signed by the key it holds, names this device, and its key is
 * P-256. Extensions and other names in it are ignored: the profile of the certificate is ours.
 */
export async function checkRequest(pem: string, serial: string): Promise<Result<x509.PublicKey, CodedError>> {
  const bad = (why: string) => err(new CodedError('csr-invalid', why));
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(pem);
  } catch {
    return bad('it is not a PKCS#10 request in PEM');
  }
  const weak = weaknessOf(request.publicKey);
  if (weak !== undefined) return err(new CodedError('csr-weak-key', weak));
  if (!(await verifies(request))) return bad('its signature was not made by its own key');
  const names = request.subjectName.getField('CN');
  if (names.length !== 1 || names[0] !== serial) {
    return err(new CodedError('csr-wrong-subject', `the token is for ${serial}`));
  }
  return ok(request.publicKey);
}

function weaknessOf(key: x509.PublicKey): string | undefined {
  try {
    const object = createPublicKey({ key: Buffer.from(key.rawData), format: 'der', type: 'spki' });
    const curve = object.asymmetricKeyDetails?.namedCurve;
    if (object.asymmetricKeyType === 'ec' && curve === 'prime256v1') return undefined;
    return `${object.asymmetricKeyType ?? 'unknown'} ${curve ?? object.asymmetricKeyDetails?.modulusLength ?? ''}`.trim();
  } catch {
    return 'the key cannot be read';
  }
}

/** The library throws on some malformed signatures and answers false on others. */
const verifies = (request: x509.Pkcs10CertificateRequest): Promise<boolean> => request.verify().catch(() => false);
