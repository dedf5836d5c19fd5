import 'reflect-metadata';
import { isIP } from 'node:net';
import { randomBytes, type webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { type KeyPair, signingAlgorithm } from './key-pair.ts';

export type Issuer = { readonly certificate: x509.X509Certificate; readonly keys: KeyPair };
export type Validity = { readonly from: Date; readonly days: number };

/** Certificates are valid from a little before now, so that a device whose clock runs behind accepts them. */
const clockSkewMs = 5 * 60_000;
const dayMs = 86_400_000;

const window = ({ from, days }: Validity) => ({
  notBefore: new Date(from.getTime() - clockSkewMs),
  notAfter: new Date(from.getTime() + days * dayMs),
});

/** 16 random bytes, positive and without a leading zero (RFC 5280 §4.1.2.2). */
const serialNumber = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const keyIdentifiers = async (subject: x509.PublicKeyType, issuer: x509.PublicKeyType) => [
  await x509.SubjectKeyIdentifierExtension.create(subject),
  await x509.AuthorityKeyIdentifierExtension.create(issuer),
];

export async function createRootCertificate(
  name: string,
  keys: KeyPair,
  validity: Validity,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: x509Name(name),
    ...window(validity),
    signingAlgorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
}

/** An authority below the root that may issue leaf certificates only. */
export async function createIssuingCertificate(
  name: string,
  publicKey: webcrypto.CryptoKey,
  issuer: Issuer,
  validity: Validity,
): Promise<x509.X509Certificate> {
  return sign(name, publicKey, issuer, validity, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]);
}

/** A server certificate; a client that checks the name finds each of `hosts` (DNS names or IP addresses). */
export async function createServerCertificate(
  name: string,
  hosts: readonly string[],
  publicKey: webcrypto.CryptoKey,
  issuer: Issuer,
  validity: Validity,
): Promise<x509.X509Certificate> {
  const names = hosts.map((host) => ({ type: isIP(host) === 0 ? ('dns' as const) : ('ip' as const), value: host }));
  return sign(name, publicKey, issuer, validity, [
    ...leaf(),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(names),
  ]);
}

/** A client certificate: its common name is the identity at the broker. */
export async function createClientCertificate(
  name: string,
  publicKey: x509.PublicKeyType,
  issuer: Issuer,
  validity: Validity,
): Promise<x509.X509Certificate> {
  return sign(name, publicKey, issuer, validity, [
    ...leaf(),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
  ]);
}

const leaf = () => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
];

async function sign(
  name: string,
  publicKey: x509.PublicKeyType,
  issuer: Issuer,
  validity: Validity,
  extensions: x509.Extension[],
): Promise<x509.X509Certificate> {
  const { notBefore, notAfter } = window(validity);
  const issuerEnds = issuer.certificate.notAfter;
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: x509Name(name),
    issuer: issuer.certificate.subjectName,
    notBefore,
    // What outlives its issuer is worth nothing and only misleads whoever reads it.
    notAfter: notAfter > issuerEnds ? issuerEnds : notAfter,
    signingAlgorithm,
    publicKey,
    signingKey: issuer.keys.privateKey,
    extensions: [...extensions, ...(await keyIdentifiers(publicKey, issuer.keys.publicKey))],
  });
}

/** A name of one common name, built from parts: no text of a request is ever parsed as a distinguished name. */
const x509Name = (commonName: string) => new x509.Name([{ CN: [commonName] }]);
