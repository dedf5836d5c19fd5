import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type * as x509 from '@peculiar/x509';
import { createIssuingCertificate, createRootCertificate, createServerCertificate } from './certificates.ts';
import { publicMode, secretMode, writeDurable } from '@collimator/shared/files/durable-file-sync';
import { generateKeyPair, privateKeyPem } from './key-pair.ts';

/** What `createAuthority` writes, by purpose; keys and the token are readable by their owner only. */
export const authorityFiles = {
  rootCertificate: 'root-ca.crt',
  rootKey: 'root-ca.key',
  issuingCertificate: 'issuing-ca.crt',
  issuingKey: 'issuing-ca.key',
  hubCertificate: 'hub.crt',
  hubKey: 'hub.key',
  operatorToken: 'operator.token',
} as const;

export type AuthorityOptions = {
  readonly folder: string;
  /** DNS names or IP addresses under which appliances and operators reach the hub. */
  readonly hubHosts: readonly string[];
  /** Validity of the hub's server certificate. */
  readonly days: number;
  readonly now: Date;
};

const rootDays = 20 * 365;
const issuingDays = 10 * 365;
/** The hub itself and whoever works on its machine reach it under these, so its certificate always names them. */
const ownHosts = ['localhost', '127.0.0.1'];
const operatorTokenBytes = 32;

/**
 * Makes the identities of a new installation: a root (keep its key offline), the issuing authority of the hub, the
 * hub's server certificate and an operator token. Throws `authority-exists` rather than overwrite anything.
 * @returns the files written
 */
export async function createAuthority(options: AuthorityOptions): Promise<readonly string[]> {
  const path = (name: string) => join(options.folder, name);
  for (const name of Object.values(authorityFiles)) {
    if (existsSync(path(name))) throw new CodedError('authority-exists', path(name));
  }
  const [rootKeys, issuingKeys, hubKeys] = await Promise.all([generateKeyPair(), generateKeyPair(), generateKeyPair()]);
  const from = options.now;
  const root = await createRootCertificate('Collimator root', rootKeys, { from, days: rootDays });
  const rootIssuer = { certificate: root, keys: rootKeys };
  const issuing = await createIssuingCertificate('Collimator issuing', issuingKeys.publicKey, rootIssuer, {
    from,
    days: issuingDays,
  });
  const hub = await createServerCertificate(
    'Collimator hub server',
    [...new Set([...ownHosts, ...options.hubHosts])],
    hubKeys.publicKey,
    { certificate: issuing, keys: issuingKeys },
    { from, days: options.days },
  );
  const pem = (certificate: x509.X509Certificate) => `${certificate.toString('pem')}\n`;
  const secrets: readonly (readonly [string, string])[] = [
    [authorityFiles.rootKey, await privateKeyPem(rootKeys.privateKey)],
    [authorityFiles.issuingKey, await privateKeyPem(issuingKeys.privateKey)],
    [authorityFiles.hubKey, await privateKeyPem(hubKeys.privateKey)],
    [authorityFiles.operatorToken, `${randomBytes(operatorTokenBytes).toString('base64url')}\n`],
  ];
  const certificates: readonly (readonly [string, string])[] = [
    [authorityFiles.rootCertificate, pem(root)],
    [authorityFiles.issuingCertificate, pem(issuing)],
    [authorityFiles.hubCertificate, pem(hub) + pem(issuing)],
  ];
  for (const [name, text] of secrets) writeDurable(path(name), text, secretMode);
  for (const [name, text] of certificates) writeDurable(path(name), text, publicMode);
  return Object.values(authorityFiles).map(path);
}
