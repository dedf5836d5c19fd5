import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type HubFile, hubFile, type PendingIdentity, pendingIdentity } from '@collimator/shared/contracts/enrolment';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { publicMode, secretMode, writeDurable } from '@collimator/shared/files/durable-file-sync';

/** The files of an enrolled appliance, inside its identity folder. */
export const identityFiles = {
  key: 'device.key',
  certificate: 'device.crt',
  ca: 'ca.crt',
  trustedRoot: join('trust', 'root.json'),
  hub: 'hub.json',
} as const;

/** The key of an enrolment that is under way. */
export const pendingKeyFile = 'device.key.pending';
const pendingIdentityFile = 'identity.pending.json';

export const isEnrolled = (folder: string): boolean => existsSync(join(folder, identityFiles.hub));

/** Throws `config-unreadable` or `config-invalid`. */
export function readHubFile(folder: string): HubFile {
  const file = join(folder, identityFiles.hub);
  return hubFile.parse(readJson(file, 'the appliance is not enrolled'), file);
}

/**
 * Installs an identity in two steps, so that a power cut never leaves the key of one and the certificate of another:
 * all of it into one durable file, then that file into its places.
 */
export function installIdentity(folder: string, identity: PendingIdentity): void {
  writeDurable(join(folder, pendingIdentityFile), JSON.stringify(identity), secretMode);
  finishInstall(folder);
}

/** Ends an installation that was cut short; every program that reads the identity calls it first. */
export function finishInstall(folder: string): void {
  const path = (name: string) => join(folder, name);
  const pending = path(pendingIdentityFile);
  if (!existsSync(pending)) return;
  const { key_pem, hub_url, answer } = pendingIdentity.parse(readJson(pending, 'not JSON'), pending);
  writeDurable(path(identityFiles.key), key_pem, secretMode);
  writeDurable(path(identityFiles.certificate), answer.certificate_pem, publicMode);
  writeDurable(path(identityFiles.ca), answer.ca_pem, publicMode);
  // A trusted root that the appliance has already moved on from is never put back: that would be a roll-back.
  if (!existsSync(path(identityFiles.trustedRoot))) {
    writeDurable(path(identityFiles.trustedRoot), Buffer.from(answer.trusted_root, 'base64'), publicMode);
  }
  const hub: HubFile = {
    schema: 'collimator.hub/1',
    device: answer.device,
    hub_url,
    broker_url: answer.broker_url,
  };
  writeDurable(path(identityFiles.hub), `${JSON.stringify(hub, null, 2)}\n`, publicMode);
  rmSync(path(pendingKeyFile), { force: true });
  rmSync(pending);
}

function readJson(file: string, why: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch (cause) {
    throw new CodedError('config-unreadable', `${file}: ${why}`, { cause });
  }
}
