import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '@collimator/provisioning/authority/create-authority';
import { keyCeremonyDefaults, makeKeys } from '@collimator/provisioning/keys/make-keys';
import { stringify } from 'yaml';

export const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

/** All that a hub is installed with, as `collimator provision` makes it, and its hub.yaml. */
export type HubFolder = {
  readonly dir: string;
  readonly configFile: string;
  readonly rootCa: string;
  readonly operatorToken: string;
  readonly path: (name: string) => string;
  readonly remove: () => void;
};

/** @param changes top-level keys of hub.yaml to replace */
export async function makeHubFolder(changes: Record<string, unknown> = {}): Promise<HubFolder> {
  const dir = mkdtempSync(join(tmpdir(), 'hub-'));
  const path = (name: string) => join(dir, name);
  await createAuthority({ folder: path('auth'), hubHosts: [], days: 30, now: new Date() });
  await makeKeys(path('keys'), keyCeremonyDefaults, new Date());
  const config = {
    data: 'data',
    http: { host: '127.0.0.1', port: 0, tls: { certificate: 'auth/hub.crt', key: 'auth/hub.key' } },
    broker: { kind: 'embedded', host: '127.0.0.1', port: 0 },
    authority: { root: 'auth/root-ca.crt', certificate: 'auth/issuing-ca.crt', key: 'auth/issuing-ca.key' },
    trust: {
      repository: 'keys/repository',
      snapshot_key: 'keys/online/snapshot.pem',
      timestamp_key: 'keys/online/timestamp.pem',
      director_key: 'keys/online/director.pem',
    },
    operators: { token_file: 'auth/operator.token' },
    datasets: [fixtures],
    training: { launchers: [{ name: 'local', kind: 'local' }] },
    ...changes,
  };
  writeFileSync(path('hub.yaml'), stringify(config));
  return {
    dir,
    configFile: path('hub.yaml'),
    rootCa: readFileSync(path('auth/root-ca.crt'), 'utf8'),
    operatorToken: readFileSync(path('auth/operator.token'), 'utf8').trim(),
    path,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
