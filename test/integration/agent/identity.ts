import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestAuthority } from './certificates.ts';

/** Puts an identity into a data folder, as `collimator agent enrol` leaves it. */
export function installTestIdentity(
  dataDir: string,
  authority: TestAuthority,
  serial: string,
  brokerUrl: string,
  days?: number,
): void {
  const folder = join(dataDir, 'identity');
  mkdirSync(folder, { recursive: true });
  const { certificate, key } = authority.client(serial, days);
  copyFileSync(certificate, join(folder, 'device.crt'));
  copyFileSync(key, join(folder, 'device.key'));
  copyFileSync(authority.ca, join(folder, 'ca.crt'));
  writeFileSync(
    join(folder, 'hub.json'),
    JSON.stringify({
      schema: 'collimator.hub/1',
      device: serial,
      hub_url: 'https://127.0.0.1:1',
      broker_url: brokerUrl,
    }),
  );
}
