import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificateProblem, readIdentity } from './identity.ts';

describe('the identity of an appliance', () => {
  let data: string;
  const write = (name: string, text: string) => writeFileSync(join(data, 'identity', name), text);
  const hub = (device: string) =>
    JSON.stringify({ schema: 'collimator.hub/1', device, hub_url: 'https://hub', broker_url: 'mqtts://hub:8883' });
  const newPair = (key: string, certificate: string) =>
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', '/CN=RAD-0001', '-keyout', key, '-out', certificate],
      ],
      { cwd: join(data, 'identity'), stdio: 'pipe' },
    );

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'identity-'));
    mkdirSync(join(data, 'identity'));
    newPair('device.key', 'device.crt');
    write('ca.crt', 'pem');
    write('hub.json', hub('RAD-0001'));
  });
  afterEach(() => rmSync(data, { recursive: true }));

  it('is read from its folder', () => {
    expect(readIdentity(data, 'RAD-0001')).toMatchObject({ deviceId: 'RAD-0001', brokerUrl: 'mqtts://hub:8883' });
  });

  it('is valid in its time only', () => {
    const identity = readIdentity(data, 'RAD-0001');
    const days = (n: number) => new Date(Date.now() + n * 86_400_000);
    expect(certificateProblem(identity, days(1))).toBeUndefined();
    for (const now of [days(-1), days(3)]) {
      expect(certificateProblem(identity, now)).toMatchObject({ code: 'certificate-expired' });
    }
  });

  it.each(['device.key', 'device.crt', 'ca.crt', 'hub.json'])('asks for an enrolment without %s', (name) => {
    rmSync(join(data, 'identity', name));
    expect(() => readIdentity(data, 'RAD-0001')).toThrow(expect.objectContaining({ code: 'not-enrolled' }) as Error);
  });

  it.each<[string, () => void, RegExp]>([
    [
      'another serial',
      () => write('hub.json', hub('RAD-0002')),
      /enrolled as RAD-0002, but device\.serial is RAD-0001/,
    ],
    ['a hub file that is no JSON', () => write('hub.json', '{'), /hub\.json is not JSON/],
    ['a hub file with a wrong address', () => write('hub.json', '{}'), /hub\.json: .*broker_url is missing/],
    ['a certificate that is none', () => write('device.crt', 'x'), /device\.crt is not a certificate/],
    ['a key that is none', () => write('device.key', 'x'), /device\.key is not a private key/],
    ['the key of another certificate', () => newPair('device.key', 'other.crt'), /device\.key does not belong/],
  ])('refuses %s', (_name, spoil, why) => {
    spoil();
    expect(() => readIdentity(data, 'RAD-0001')).toThrow(why);
    expect(() => readIdentity(data, 'RAD-0001')).toThrow(
      expect.objectContaining({ code: 'identity-invalid' }) as Error,
    );
  });
});
