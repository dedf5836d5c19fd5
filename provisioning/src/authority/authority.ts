import 'reflect-metadata';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { ok, type Result } from '@collimator/shared/result';
import * as x509 from '@peculiar/x509';
import { checkRequest } from './certificate-request.ts';
import { createClientCertificate, type Issuer } from './certificates.ts';
import { generateKeyPair, keyPairFromPem, privateKeyPem } from './key-pair.ts';

/** The name of the hub at the broker; contracts/common.ts keeps any device from having it. */
export const hubCommonName = 'hub';

export type DeviceCertificate = {
  /** The device's own certificate and the issuing one, in this order. */
  readonly chainPem: string;
  /** Serial number in lower-case hex without leading zeros, as `serialHex` reads it from a TLS peer. */
  readonly certificateSerial: string;
  readonly expiresAt: Date;
};

export type HubIdentity = { readonly certificatePem: string; readonly keyPem: string };

/** The issuing authority of a hub. */
export interface Authority {
  readonly rootPem: string;
  readonly issuingPem: string;
  issueDeviceCertificate(request: {
    readonly csrPem: string;
    readonly serial: string;
    readonly days: number;
  }): Promise<Result<DeviceCertificate, CodedError>>;
  /** For the hub's own connection to the broker; the key lives in memory only. */
  issueHubClientCertificate(days: number): Promise<HubIdentity>;
}

export type AuthorityFiles = { readonly root: string; readonly certificate: string; readonly key: string };

/** Opens an authority made by `createAuthority`. Throws `authority-unreadable`. */
export async function openAuthority(files: AuthorityFiles, now: () => Date): Promise<Authority> {
  const root = readCertificate(files.root);
  const issuing = readCertificate(files.certificate);
  const keys = await keyPairFromPem(readText(files.key), files.key);
  if (!(await issuing.verify({ publicKey: root.publicKey, date: now() }))) {
    throw new CodedError(
      'authority-unreadable',
      `${files.certificate} is not (or no longer) certified by ${files.root}`,
    );
  }
  if (!new X509Certificate(issuing.toString('pem')).checkPrivateKey(createPrivateKey(readText(files.key)))) {
    throw new CodedError('authority-unreadable', `${files.key} does not belong to ${files.certificate}`);
  }
  const issuer: Issuer = { certificate: issuing, keys };
  const issuingPem = pem(issuing);
  return {
    rootPem: pem(root),
    issuingPem,
    async issueDeviceCertificate({ csrPem, serial, days }) {
      if (serial === hubCommonName) throw new Error('a device is never named like the hub');
      const key = await checkRequest(csrPem, serial);
      if (!key.ok) return key;
      const certificate = await createClientCertificate(serial, key.value, issuer, { from: now(), days });
      return ok({
        chainPem: pem(certificate) + issuingPem,
        certificateSerial: serialHex(certificate.serialNumber),
        expiresAt: certificate.notAfter,
      });
    },
    async issueHubClientCertificate(days) {
      const own = await generateKeyPair();
      const certificate = await createClientCertificate(hubCommonName, own.publicKey, issuer, { from: now(), days });
      return { certificatePem: pem(certificate) + issuingPem, keyPem: await privateKeyPem(own.privateKey) };
    },
  };
}

/** One spelling of a certificate's serial number: OpenSSL writes upper case, the X.509 library keeps a leading zero. */
export const serialHex = (serial: string): string => serial.toLowerCase().replace(/^0+(?=.)/, '');

const pem = (certificate: x509.X509Certificate): string => `${certificate.toString('pem')}\n`;

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CodedError('authority-unreadable', `${file} (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}

function readCertificate(file: string): x509.X509Certificate {
  const text = readText(file);
  try {
    return new x509.X509Certificate(text);
  } catch (cause) {
    throw new CodedError('authority-unreadable', `${file} holds no certificate`, { cause });
  }
}
