import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { enrolResponse } from '@collimator/shared/contracts/enrolment';
import type { EnrolResponse } from '@collimator/shared/contracts/http-api';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { openRoot } from '@collimator/shared/release/trusted-root';
import { createRequest } from '../authority/certificate-request.ts';
import { secretMode, writeDurable } from '@collimator/shared/files/durable-file-sync';
import { generateKeyPair, keyPairFromPem, privateKeyPem } from '../authority/key-pair.ts';
import { requestHub } from '../operator/request-hub.ts';
import { finishInstall, installIdentity, isEnrolled, pendingKeyFile } from './identity-files.ts';

export type EnrolOptions = {
  /** `https://host:port` of the hub. */
  readonly hubUrl: string;
  /** PEM file of the hub's root certificate. There is no trust on first use: without it nothing is sent. */
  readonly ca: string;
  readonly token: string;
  readonly serial: string;
  /** Identity folder of the appliance. */
  readonly outDir: string;
  /** Enrol anew although there is an identity; the hub then ends the old one. */
  readonly replace?: boolean;
};

export type Enrolled = { readonly device: string; readonly brokerUrl: string; readonly expiresAt: string };

/**
 * Enrols this appliance: makes its key (which never leaves the folder) and a certificate request, exchanges the token
 * for a certificate over HTTPS against the given root, and installs the identity durably.
 * @throws CodedError `device-key-exists`, `token-*`, `csr-*`, `hub-unreachable`, `hub-untrusted`, `hub-answer-invalid`
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  finishInstall(options.outDir);
  if (isEnrolled(options.outDir) && options.replace !== true) throw new CodedError('device-key-exists', options.outDir);
  const ca = readCa(options.ca);
  const pending = join(options.outDir, pendingKeyFile);
  const keys = await pendingKeys(pending);
  const keyPem = await privateKeyPem(keys.privateKey);
  const body = {
    serial: options.serial,
    token: options.token.trim(),
    csr_pem: await createRequest(options.serial, keys),
  };
  const answer = enrolResponse.check(await requestHub({ url: options.hubUrl, ca }, 'POST', '/v1/enrol', body));
  if (!answer.ok) throw new CodedError('hub-answer-invalid', `${options.hubUrl}/v1/enrol`);
  const expiresAt = checkCertificate(answer.value, keyPem, options.serial);
  checkRoot(answer.value);
  installIdentity(options.outDir, { key_pem: keyPem, hub_url: options.hubUrl, answer: answer.value });
  return { device: answer.value.device, brokerUrl: answer.value.broker_url, expiresAt };
}

/** The key of an attempt that was cut short is taken up again, so that a repeat asks for the same certificate. */
async function pendingKeys(file: string) {
  if (existsSync(file)) return keyPairFromPem(readFileSync(file, 'utf8'), file);
  const keys = await generateKeyPair();
  writeDurable(file, await privateKeyPem(keys.privateKey), secretMode);
  return keys;
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CodedError('config-unreadable', `${file} (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

/** It is laid down once and never replaced by another enrolment: one that cannot be read would be there for good. */
function checkRoot(answer: EnrolResponse): void {
  const root = openRoot(Buffer.from(answer.trusted_root, 'base64'));
  if (!root.ok)
    throw new CodedError('hub-answer-invalid', `the trusted root: ${root.error.code}, ${root.error.detail}`);
}

/** A certificate that is not for our key, our serial or by the CA that came with it must not replace anything. */
function checkCertificate(answer: EnrolResponse, keyPem: string, serial: string): string {
  const wrong = (why: string) => new CodedError('hub-answer-invalid', `the certificate ${why}`);
  const certificates = answer.certificate_pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const [own, issuing] = certificates.map((text) => new X509Certificate(text));
  if (own === undefined || issuing === undefined) throw wrong('chain is not complete');
  if (!own.checkPrivateKey(createPrivateKey(keyPem))) throw wrong('is for another key');
  if (own.subject !== `CN=${serial}` || answer.device !== serial) throw wrong('is for another device');
  if (!own.verify(issuing.publicKey) || !issuing.verify(new X509Certificate(answer.ca_pem).publicKey)) {
    throw wrong('was not issued by the authority that came with it');
  }
  return new Date(own.validTo).toISOString();
}
