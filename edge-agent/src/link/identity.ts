import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { finishInstall } from '@collimator/provisioning/enrol/identity-files';
import { hubFile } from '@collimator/shared/contracts/enrolment';
import { formatProblems } from '@collimator/shared/contracts/validate';
import { CodedError } from '@collimator/shared/errors/coded-error';

/** Who this appliance is to the hub: the contents of `<data>/identity/`, written by `collimator agent enrol`. */
export type Identity = {
  readonly deviceId: string;
  /** `mqtts://host:port` */
  readonly brokerUrl: string;
  readonly key: string;
  readonly certificate: string;
  readonly ca: string;
  readonly validFrom: Date;
  readonly validTo: Date;
};

export const identityFolder = (dataDir: string): string => join(dataDir, 'identity');

/**
 * Reads the identity. Throws `not-enrolled` when there is none, `identity-invalid` when its parts do not belong
 * together or belong to another serial. An expired certificate is no error here: see `certificateProblem`.
 */
export function readIdentity(dataDir: string, serial: string): Identity {
  const folder = identityFolder(dataDir);
  finishInstall(folder);
  const key = readPart(folder, 'device.key');
  const certificate = readPart(folder, 'device.crt');
  const ca = readPart(folder, 'ca.crt');
  const { deviceId, brokerUrl } = parseHubFile(readPart(folder, 'hub.json'), join(folder, 'hub.json'));
  const x509 = parseCertificate(certificate, join(folder, 'device.crt'));
  if (!x509.checkPrivateKey(parseKey(key, join(folder, 'device.key')))) {
    throw new CodedError('identity-invalid', `${folder}: device.key does not belong to device.crt`);
  }
  if (deviceId !== serial) {
    throw new CodedError('identity-invalid', `${folder}: enrolled as ${deviceId}, but device.serial is ${serial}`);
  }
  return {
    deviceId,
    brokerUrl,
    key,
    certificate,
    ca,
    validFrom: new Date(x509.validFrom),
    validTo: new Date(x509.validTo),
  };
}

/** Why the hub will refuse the certificate at this time, or undefined. */
export function certificateProblem(identity: Identity, now: Date): CodedError | undefined {
  if (now >= identity.validFrom && now <= identity.validTo) return undefined;
  const span = `${identity.validFrom.toISOString()} to ${identity.validTo.toISOString()}`;
  return new CodedError('certificate-expired', `valid from ${span}, the clock says ${now.toISOString()}`);
}

function readPart(folder: string, name: string): string {
  const file = join(folder, name);
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') throw new CodedError('not-enrolled', `${file} is missing`, { cause: error });
    throw new CodedError('identity-invalid', `${file} (${code})`, { cause: error });
  }
}

function parseHubFile(text: string, file: string): { readonly deviceId: string; readonly brokerUrl: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new CodedError('identity-invalid', `${file} is not JSON`, { cause: error });
  }
  const checked = hubFile.check(parsed);
  if (!checked.ok) throw new CodedError('identity-invalid', `${file}: ${formatProblems(checked.error)}`);
  return { deviceId: checked.value.device, brokerUrl: checked.value.broker_url };
}

function parseCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new CodedError('identity-invalid', `${file} is not a certificate`, { cause: error });
  }
}

function parseKey(pem: string, file: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw new CodedError('identity-invalid', `${file} is not a private key`, { cause: error });
  }
}
