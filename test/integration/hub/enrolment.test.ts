import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '@collimator/provisioning/authority/authority';
import { createRequest } from '@collimator/provisioning/authority/certificate-request';
import { generateKeyPair } from '@collimator/provisioning/authority/key-pair';
import { enrol } from '@collimator/provisioning/enrol/enrol';
import { requestHub } from '@collimator/provisioning/operator/request-hub';
import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { type RunningHub, runHub } from './running-hub.ts';

let install: HubFolder;
let hub: RunningHub;
let clock = () => new Date();
const made: string[] = [];

beforeAll(async () => {
  install = await makeHubFolder();
  hub = await runHub(install, { now: () => clock() });
});
afterAll(async () => {
  await hub.stop();
  install.remove();
  for (const dir of made) rmSync(dir, { recursive: true });
});

const newFolder = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'appliance-'));
  made.push(dir);
  return dir;
};
const tokenFor = async (serial: string, expires_s = 60) =>
  (await hub.operator.createToken({ serial, expires_s })).token;
const enrolAs = (serial: string, token: string, outDir = newFolder()) =>
  enrol({ hubUrl: hub.url, ca: install.path('auth/root-ca.crt'), token, serial, outDir });
const post = (serial: string, token: string, csr_pem: string) =>
  requestHub({ url: hub.url, ca: install.rootCa }, 'POST', '/v1/enrol', { serial, token, csr_pem });

test('an appliance with the right token gets an identity of its own', async () => {
  const folder = newFolder();
  const enrolled = await enrolAs('RAD-1', await tokenFor('RAD-1'), folder);
  expect(enrolled).toMatchObject({ device: 'RAD-1', brokerUrl: `mqtts://127.0.0.1:${hub.hub.mqttPort}` });
  const modes = Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, (statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)]),
  );
  expect(modes).toEqual({
    'device.key': '600',
    'device.crt': '644',
    'ca.crt': '644',
    'hub.json': '644',
    'root.json': '644',
  });
  expect(readFileSync(join(folder, 'trust', 'root.json'))).toEqual(
    readFileSync(install.path('keys/repository/1.root.json')),
  );
  await expect(enrolAs('RAD-1', await tokenFor('RAD-1'), folder)).rejects.toMatchObject({ code: 'device-key-exists' });
});

describe('a token is refused', () => {
  test('when it was used', async () => {
    const token = await tokenFor('USED-1');
    await enrolAs('USED-1', token);
    await expect(enrolAs('USED-1', token)).rejects.toMatchObject({ code: 'token-used' });
  });

  test('by all but one when it comes from several at once', async () => {
    const token = await tokenFor('RACE-1');
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => enrolAs('RACE-1', token)));
    const refused = outcomes.flatMap((o) => (o.status === 'rejected' ? [(o.reason as { code: string }).code] : []));
    expect(refused).toEqual(Array(5).fill('token-used'));
  });

  test('unless the appliance that used it never got its answer and asks again with the same key', async () => {
    const token = await tokenFor('LOST-1');
    const request = await createRequest('LOST-1', await generateKeyPair());
    for (let i = 0; i < 2; i++) expect(await post('LOST-1', token, request)).toMatchObject({ device: 'LOST-1' });
    await expect(enrolAs('LOST-1', token)).rejects.toMatchObject({ code: 'token-used' });
  });

  test('when it has expired', async () => {
    const token = await tokenFor('LATE-1', 10);
    clock = () => new Date(Date.now() + 11_000);
    try {
      await expect(enrolAs('LATE-1', token)).rejects.toMatchObject({ code: 'token-expired' });
    } finally {
      clock = () => new Date();
    }
  });

  test('when it was made for another serial, and stays good for its own', async () => {
    const token = await tokenFor('MINE-1');
    await expect(enrolAs('OTHER-1', token)).rejects.toMatchObject({ code: 'token-wrong-serial' });
    await enrolAs('MINE-1', token);
  });

  test.each([['nonsense'], [`${'0'.repeat(12)}.${'A'.repeat(43)}`]])('when nobody made it: %s', async (token) =>
    expect(enrolAs('RAD-2', token)).rejects.toMatchObject({ code: 'token-unknown' }),
  );

  test('with a message that says what to do', async () => {
    const refusal = enrolAs('RAD-2', 'nonsense').catch((error: unknown) => error);
    expect(await refusal).toMatchObject({ remedy: expect.stringContaining('collimator provision token create') });
  });
});

describe('a certificate request is refused, and its token stays good', () => {
  test.each<[string, string, () => Promise<string>]>([
    ['that names another device', 'csr-wrong-subject', async () => createRequest('OTHER', await generateKeyPair())],
    ['that names the hub', 'csr-wrong-subject', async () => createRequest('hub', await generateKeyPair())],
    ['that is no request', 'csr-invalid', async () => 'hello'],
    [
      'whose signature is not its own',
      'csr-invalid',
      async () => tampered(await createRequest('CSR-1', await generateKeyPair())),
    ],
    ['with an RSA key', 'csr-weak-key', async () => rsaRequest('CSR-1')],
  ])('%s', async (_what, code, request) => {
    const token = await tokenFor('CSR-1');
    await expect(post('CSR-1', token, await request())).rejects.toMatchObject({ code });
    await enrolAs('CSR-1', token);
  });

  test('the hub itself can never be a device', async () =>
    expect(hub.operator.createToken({ serial: 'hub', expires_s: 60 })).rejects.toMatchObject({
      code: 'request-invalid',
    }));
});

test('an appliance sends nothing to a hub that does not prove itself', async () => {
  const other = await makeHubFolder();
  const folder = newFolder();
  const token = await tokenFor('RAD-3');
  const attempt = enrol({
    hubUrl: hub.url,
    ca: other.path('auth/root-ca.crt'),
    token,
    serial: 'RAD-3',
    outDir: folder,
  });
  await expect(attempt).rejects.toMatchObject({ code: 'hub-untrusted' });
  await enrolAs('RAD-3', token, folder);
  other.remove();
});

test('an appliance does not lay down a trusted root that it could never use', async () => {
  const authority = await openAuthority(
    {
      root: install.path('auth/root-ca.crt'),
      certificate: install.path('auth/issuing-ca.crt'),
      key: install.path('auth/issuing-ca.key'),
    },
    () => new Date(),
  );
  const [cert, key] = ['auth/hub.crt', 'auth/hub.key'].map((name) => readFileSync(install.path(name)));
  const app = Fastify({ https: { cert: cert ?? '', key: key ?? '' } });
  app.post<{ Body: { serial: string; csr_pem: string } }>('/v1/enrol', async ({ body: { serial, csr_pem } }) => {
    const issued = await authority.issueDeviceCertificate({ csrPem: csr_pem, serial, days: 1 });
    if (!issued.ok) throw issued.error;
    const certificates = { certificate_pem: issued.value.chainPem, ca_pem: authority.rootPem };
    return { device: serial, ...certificates, broker_url: 'mqtts://127.0.0.1:1', trusted_root: '' };
  });
  const hubUrl = await app.listen({ host: '127.0.0.1', port: 0 });
  const outDir = newFolder();
  const attempt = enrol({ hubUrl, ca: install.path('auth/root-ca.crt'), token: 'any', serial: 'ROOT-1', outDir });
  await expect(attempt).rejects.toMatchObject({ code: 'hub-answer-invalid', detail: expect.stringContaining('root') });
  expect(readdirSync(outDir)).toEqual(['device.key.pending']);
  await app.close();
});

test('a re-enrolment replaces the certificate of a device', async () => {
  await enrolAs('AGAIN-1', await tokenFor('AGAIN-1'));
  await enrolAs('AGAIN-1', await tokenFor('AGAIN-1'));
  const audit = (await hub.operator.get('/v1/audit?limit=1000')) as {
    action: string;
    subject: string;
    detail: object;
  }[];
  const enrolments = audit.filter((record) => record.action === 'device-enrolled' && record.subject === 'AGAIN-1');
  expect(enrolments.map((record) => record.detail)).toMatchObject([{ replaced: false }, { replaced: true }]);
});

describe('the token that enrolled a device does not bring it back', () => {
  test('after it was retired, nor does one that was never used', async () => {
    const [used, unused] = [await tokenFor('GONE-1'), await tokenFor('GONE-1')];
    const request = await createRequest('GONE-1', await generateKeyPair());
    await post('GONE-1', used, request);
    await hub.operator.retireDevice('GONE-1');
    for (const token of [used, unused])
      await expect(post('GONE-1', token, request)).rejects.toMatchObject({ code: 'token-unknown' });
    expect((await hub.operator.showDevice('GONE-1')).status).toBe('retired');
    await post('GONE-1', await tokenFor('GONE-1'), request);
    expect((await hub.operator.showDevice('GONE-1')).status).toBe('registered');
  });

  test('after another key has taken its place', async () => {
    const [first, second] = [await tokenFor('SWAP-1'), await tokenFor('SWAP-1')];
    const old = await createRequest('SWAP-1', await generateKeyPair());
    await post('SWAP-1', first, old);
    await enrolAs('SWAP-1', second);
    await expect(post('SWAP-1', first, old)).rejects.toMatchObject({ code: 'token-unknown' });
  });
});

test('no secret is in the log, the audit log or the database', async () => {
  const token = await tokenFor('SECRET-1');
  const folder = newFolder();
  await enrolAs('SECRET-1', token, folder);
  const audit = JSON.stringify(await hub.operator.get('/v1/audit?limit=1000'));
  const database =
    readFileSync(install.path('data/hub.db-wal')).toString('latin1') +
    readFileSync(install.path('data/hub.db')).toString('latin1');
  expect(database).toContain('SECRET-1');
  const secrets = [token.split('.')[1] ?? '', install.operatorToken, keyBody(join(folder, 'device.key'))];
  for (const secret of [
    ...secrets,
    keyBody(install.path('auth/issuing-ca.key')),
    keyBody(install.path('auth/hub.key')),
  ]) {
    expect(secret.length).toBeGreaterThan(40);
    for (const place of [hub.log.join(''), audit, database]) expect(place.includes(secret)).toBe(false);
  }
});

const keyBody = (file: string): string => readFileSync(file, 'utf8').split('\n')[1] ?? '';

function tampered(pem: string): string {
  const body = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
  const last = body.length - 3;
  body[last] = (body[last] ?? 0) ^ 1;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${body.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}

async function rsaRequest(serial: string): Promise<string> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return createRequest(
    serial,
    {
      privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']),
      publicKey: await webcrypto.subtle.importKey('spki', spki, algorithm, true, ['verify']),
    },
    algorithm,
  );
}
