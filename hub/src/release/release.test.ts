import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import { silentLog } from '@collimator/shared/observe/log';
import { readAssignment } from '@collimator/shared/release/assignment';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { fixtureKeys, fixtureRoot } from '@collimator/shared/release/fixture-repository';
import { buildTargets, expiresIn } from '@collimator/shared/release/build-metadata';
import { signBytes, type SigningKey } from '@collimator/shared/release/keys';
import { parseMetadata } from '@collimator/shared/release/metadata';
import { signDocument } from '@collimator/shared/release/signatures';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fixtureRelease } from './fixture-release.ts';
import { releaseRoutes, releaseStatusCodes } from './http-routes.ts';
import { createRegistry, getReleaseSql, type Registry } from './registry/registry.ts';
import { createRollouts, type Rollouts } from './rollout/rollouts.ts';
import { currentSql, devicesSql, expiringSql, pageSql, progressSql } from './rollout/sqlite-rollouts.ts';
import { openTrust, type Trust } from './sign/trust.ts';

const keys = fixtureKeys();
let at: Date;
let dir: string;
let store: Store;
let registry: Registry;
let trust: Trust;
let rollouts: Rollouts;
let published: { topic: string; payload: Buffer; retain: boolean | undefined }[];
let connected: boolean;
const now = () => at;

const openTrustHere = () =>
  openTrust({
    dir: join(dir, 'trust'),
    objects: registry.objects,
    registered: (name, version) => {
      const found = registry.get(name, version);
      return found && { sha256: found.ref.sha256, length: found.length };
    },
    snapshotKey: keys.snapshot,
    timestampKey: keys.timestamp,
    now,
    log: silentLog,
  });

beforeEach(async () => {
  at = new Date('2026-11-23T12:00:00Z');
  dir = await mkdtemp(join(tmpdir(), 'collimator-hub-release-'));
  const migrations = new URL('../../src/store/migrations/', import.meta.url);
  store = await openStore({ file: join(dir, 'hub.sqlite'), migrations });
  registry = createRegistry({ store, dir: join(dir, 'registry'), log: silentLog, now });
  await mkdir(join(dir, 'trust'));
  await writeFile(join(dir, 'trust', '1.root.json'), fixtureRoot(keys, 1, at));
  const targets = buildTargets({ version: 1, expires: expiresIn(at, 365), targets: [] });
  await writeFile(join(dir, 'trust', '1.targets.json'), signDocument(targets, keys.targets));
  trust = await openTrustHere();
  published = [];
  connected = true;
  const mqtt: MqttPort = {
    get connected() {
      return connected;
    },
    publish(topic, payload, options) {
      if (!connected) return Promise.reject(new Error('no link'));
      published.push({ topic, payload: Buffer.from(payload), retain: options?.retain });
      return Promise.resolve();
    },
    subscribe: () => Promise.resolve(),
    onConnected(listener) {
      listener();
      return () => undefined;
    },
  };
  const knownDevice = (id: string) => id.startsWith('ward');
  rollouts = createRollouts({
    store,
    registry,
    trust,
    directorKey: keys.director,
    knownDevice,
    mqtt,
    now,
    log: silentLog,
  });
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

const folder = (version: string, model = `model ${version}`) =>
  fixtureRelease(join(dir, `run-${version}-${model.length}`), version, model);
const register = async (version: string) => registry.register(await folder(version));
const draftOf = (ref: ReleaseRef) => trust.draft({ ...ref, length: registry.get(ref.name, ref.version)!.length });
const signedBy = (signed: unknown, signers: readonly SigningKey[]) => ({
  signed,
  signatures: signers.map((key) => signBytes(canonicalJson(signed), key)),
});
async function registerAndSign(version: string): Promise<ReleaseRef> {
  const ref = await register(version);
  await trust.submitTargets(signedBy(draftOf(ref).signed, keys.targets.slice(0, 2)));
  return ref;
}
const versions = () => {
  const timestamp = parseMetadata('timestamp', trust.timestampBytes());
  return timestamp.ok ? [timestamp.value.signed.version, timestamp.value.signed.snapshotMeta.version] : undefined;
};

describe('the registry', () => {
  test('gives the same folder the same ref, and other content under the same version a conflict', async () => {
    const ref = await register('1.0.0');
    expect(await register('1.0.0')).toEqual(ref);
    await expect(registry.register(await folder('1.0.0', 'another model'))).rejects.toMatchObject({
      code: 'release-conflict',
    });
    expect(registry.list().map((r) => [r.ref.version, r.metrics])).toEqual([['1.0.0', { dice: 0.95 }]]);
  });

  test('gives two registrations at once one ref', async () => {
    const path = await folder('1.0.0');
    const refs = await Promise.all([1, 2, 3].map(() => registry.register(path)));
    expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
  });

  test('keeps release.json and every chunk by digest', async () => {
    const ref = await register('1.0.0');
    const whole = await registry.readRange(ref.sha256, 0, 1_000_000);
    const manifest = JSON.parse(whole!.payload.toString()) as {
      files: Record<string, { chunks: { sha256: string }[] }>;
    };
    expect(Object.keys(manifest.files)).toEqual(['golden/0.npy', 'model.onnx', 'reference.json']);
    const chunk = manifest.files['model.onnx']!.chunks[0]!.sha256;
    expect((await registry.readRange(chunk, 6, 3))!.payload.toString()).toBe('1.0');
    expect(await registry.readRange('0'.repeat(64), 0, 1)).toBeUndefined();
    expect(await registry.readRange('../../etc/passwd', 0, 1)).toBeUndefined();
  });

  test('names all that a folder lacks', async () => {
    const path = await folder('1.0.0');
    await rm(join(path, 'model.onnx'));
    await rm(join(path, 'golden'), { recursive: true });
    await expect(registry.register(path)).rejects.toMatchObject({
      code: 'release-invalid',
      detail: 'model.onnx is missing; golden/ is empty',
    });
    expect(registry.list()).toEqual([]);
  });

  test('refuses a pipeline that no appliance could run, and says what is wrong with it', async () => {
    const path = await folder('1.0.0');
    const file = join(path, 'release.json');
    const draft = JSON.parse(await readFile(file, 'utf8')) as { stages: { postprocessing: object[] }[] };
    draft.stages[0]!.postprocessing = [{ op: 'threshold', at: 0.5 }, { op: 'sigmoid' }];
    await writeFile(file, JSON.stringify(draft));
    await expect(registry.register(path)).rejects.toMatchObject({
      code: 'release-invalid',
      detail: 'stages[0].postprocessing[1]: sigmoid must come before threshold',
    });
    expect(registry.list()).toEqual([]);
  });
});

describe('the trust repository', () => {
  test('publishes new targets under the next versions, and opens again as it was left', async () => {
    expect(versions()).toEqual([1, 1]);
    const ref = await registerAndSign('1.0.0');
    expect([versions(), trust.isSigned(ref)]).toEqual([[2, 2], true]);
    trust = await openTrustHere();
    expect([versions(), trust.isSigned(ref)]).toEqual([[2, 2], true]);
    expect((await readdir(join(dir, 'trust'))).sort()).toEqual([
      '1.root.json',
      '1.snapshot.json',
      '1.targets.json',
      '2.snapshot.json',
      '2.targets.json',
      'timestamp.json',
    ]);
  });

  test('a crash before the timestamp leaves the old publication, and the next one goes through', async () => {
    const ref = await register('1.0.0');
    const { signed } = draftOf(ref);
    // What a power cut between the files leaves.
    await writeFile(join(dir, 'trust', '2.targets.json'), signDocument(signed as object, keys.targets));
    await writeFile(join(dir, 'trust', '2.snapshot.json'), 'half a');
    trust = await openTrustHere();
    expect([versions(), trust.isSigned(ref)]).toEqual([[1, 1], false]);
    expect(await trust.file('2.targets.json')).toBeUndefined();
    await trust.submitTargets(signedBy(signed, keys.targets.slice(1)));
    expect([versions(), trust.isSigned(ref)]).toEqual([[2, 2], true]);
  });

  test('refreshes the timestamp alone while the snapshot is young, and both later', async () => {
    at = new Date(at.getTime() + 3 * 86_400_000);
    await trust.refreshTimestamp();
    expect(versions()).toEqual([2, 1]);
    at = new Date(at.getTime() + 86_400_000);
    await Promise.all([trust.refreshTimestamp(), trust.refreshTimestamp()]);
    expect(versions()).toEqual([4, 2]);
  });

  test('refuses signed targets that are not exactly the next ones', async () => {
    const first = await registerAndSign('1.0.0');
    const second = await register('1.1.0');
    const { signed } = draftOf(second) as { signed: { version: number; targets: Record<string, { length: number }> } };
    const both = keys.targets.slice(0, 2);
    const changed = (change: (copy: typeof signed) => void) => {
      const copy = structuredClone(signed);
      change(copy);
      return signedBy(copy, both);
    };
    const firstPath = `releases/brain/${first.version}/release.json`;
    const cases: [string, ReturnType<typeof signedBy>][] = [
      ['metadata-signatures-too-few', signedBy(signed, keys.targets.slice(0, 1))],
      ['metadata-key-unknown', signedBy(signed, [...both, keys.snapshot])],
      ['metadata-malformed', signedBy(signed, [both[0]!, both[0]!])],
      ['metadata-signature-invalid', { ...signedBy(signed, both), signed: { ...signed, version: 4 } }],
      ['targets-out-of-date', changed((copy) => (copy.version = 4))],
      ['targets-changed', changed((copy) => delete copy.targets[firstPath])],
      ['targets-changed', changed((copy) => (copy.targets[firstPath]!.length += 1))],
      ['target-mismatch', changed((copy) => (copy.targets['releases/brain/1.1.0/release.json']!.length += 1))],
      [
        'release-unknown',
        changed((copy) => (copy.targets['releases/lung/1.0.0/release.json'] = copy.targets[firstPath]!)),
      ],
    ];
    for (const [code, submission] of cases)
      await expect(trust.submitTargets(submission)).rejects.toMatchObject({ code });
    expect([versions(), trust.isSigned(second)]).toEqual([[2, 2], false]);
    await trust.submitTargets(signedBy(signed, both));
    expect(trust.isSigned(second) && trust.isSigned(first)).toBe(true);
    await expect(trust.submitTargets(signedBy(signed, both))).rejects.toMatchObject({ code: 'release-already-signed' });
  });

  test('does not start with a key that the root does not name', async () => {
    const wrong = {
      dir: join(dir, 'trust'),
      objects: registry.objects,
      registered: () => undefined,
      now,
      log: silentLog,
    };
    await expect(
      openTrust({ ...wrong, snapshotKey: keys.timestamp, timestampKey: keys.timestamp }),
    ).rejects.toMatchObject({ code: 'signing-key-wrong' });
  });
});

describe('a roll-out', () => {
  const serials = () =>
    published.map(({ payload }) => {
      const read = readAssignment(payload);
      return read.ok
        ? `${read.value.signed.device} ${read.value.signed.serial} ${read.value.signed.release.version}`
        : 'bad';
    });
  const create = (version: string, devices = ['ward-1', 'ward-2']) =>
    rollouts.create({ release: 'brain', version, devices });
  const event = (device: string, assignment: number, phase: DeviceEvent['phase'], release: ReleaseRef, code?: string) =>
    rollouts.recordEvent({
      schema: 'collimator.event/1',
      device,
      seq: 1,
      at: '2026-11-23T12:00:00Z',
      release,
      assignment,
      phase,
      ...(code && { code }),
    });

  test('is refused for what is unknown or unsigned', async () => {
    await expect(create('1.0.0')).rejects.toMatchObject({ code: 'release-unknown' });
    await register('1.0.0');
    await expect(create('1.0.0')).rejects.toMatchObject({ code: 'release-not-signed' });
    await registerAndSign('1.1.0');
    await expect(create('1.1.0', ['ward-1', 'kitchen'])).rejects.toMatchObject({ code: 'rollout-device-unknown' });
    expect(published).toEqual([]);
  });

  test('is on the disk when there is no link, and goes out with the next connection, retained', async () => {
    await registerAndSign('1.0.0');
    connected = false;
    await create('1.0.0');
    expect(published).toEqual([]);
    connected = true;
    rollouts.start();
    await expect.poll(serials).toEqual(['ward-1 1 1.0.0', 'ward-2 1 1.0.0']);
    expect(published.every(({ retain }) => retain)).toBe(true);
  });

  test('never gives a serial twice, and goes back with a higher one', async () => {
    const first = await registerAndSign('1.0.0');
    await registerAndSign('1.1.0');
    await Promise.all([create('1.0.0'), create('1.1.0', ['ward-1'])]);
    const made = await rollouts.undo(2);
    expect(made.map(({ release, devices }) => [release.version, devices.map(({ id }) => id)])).toEqual([
      ['1.0.0', ['ward-1']],
    ]);
    expect(serials()).toEqual(['ward-1 1 1.0.0', 'ward-2 1 1.0.0', 'ward-1 2 1.1.0', 'ward-1 3 1.0.0']);
    await expect(rollouts.undo(2)).rejects.toMatchObject({ code: 'rollout-nothing-before' });
    await expect(rollouts.undo(99)).rejects.toMatchObject({ code: 'rollout-unknown' });
    expect(made[0]!.release).toEqual(first);
  });

  test('shows how far each device came, and is not confused by an event about another serial', async () => {
    const ref = await registerAndSign('1.0.0');
    const { id } = await create('1.0.0');
    await event('ward-1', 1, 'active', ref);
    await event('ward-2', 1, 'refused', ref, 'golden-mismatch');
    await event('ward-1', 0, 'refused', ref, 'metadata-older');
    await event('ward-1', 7, 'refused', ref, 'assignment-older');
    expect(rollouts.get(id)?.devices).toEqual([
      { id: 'ward-1', phase: 'active' },
      { id: 'ward-2', phase: 'refused', code: 'golden-mismatch' },
    ]);
  });

  test('is signed anew before it expires', async () => {
    await registerAndSign('1.0.0');
    const { id } = await create('1.0.0', ['ward-1']);
    expect(await rollouts.renew()).toBe(0);
    at = new Date(at.getTime() + 21 * 86_400_000);
    expect(await rollouts.renew()).toBe(1);
    expect(serials()).toEqual(['ward-1 1 1.0.0', 'ward-1 2 1.0.0']);
    await event('ward-1', 2, 'active', registry.get('brain', '1.0.0')!.ref);
    expect(rollouts.get(id)?.devices[0]?.phase).toBe('active');
  });

  test.each([
    [getReleaseSql, ['a', 'b']],
    [currentSql, ['a', 'b']],
    [expiringSql, ['a', 1]],
    [pageSql, ['a', 'b', 1]],
    [devicesSql, [1]],
    [progressSql, ['a', 'b', 'c', 'd', 'e', 'f', 1]],
  ])('is answered from an index: %s', (sql, params) => {
    const steps = store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params);
    const searches = steps.map(({ detail }) => detail).filter((detail) => !detail.startsWith('CORRELATED'));
    expect(searches.length).toBeGreaterThan(0);
    expect(searches).toEqual(
      searches.map(() => expect.stringMatching(/^SEARCH .* USING (PRIMARY KEY|(COVERING )?INDEX)/)),
    );
  });
});

test('a folder of objects holds nothing half written', async () => {
  await register('1.0.0');
  const base = join(dir, 'registry', 'objects', 'sha256');
  const files = (await readdir(base, { recursive: true })).filter((file) => file.includes('/'));
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter((file) => file.endsWith('.part'))).toEqual([]);
  expect((await stat(base)).isDirectory()).toBe(true);
});

test('the HTTP routes show, sign and roll out', async () => {
  const app = Fastify();
  app.setErrorHandler((error, _req, reply) => {
    const code = String((error as { code?: string }).code);
    return reply.code(releaseStatusCodes[code] ?? 500).send({ code });
  });
  await app.register(releaseRoutes({ registry, trust, rollouts }));
  const ref = await register('1.0.0');
  const get = (url: string, headers = {}) => app.inject({ url, headers });

  expect((await get('/v1/models')).json()).toMatchObject([{ ...ref, state: 'candidate', metrics: { dice: 0.95 } }]);
  expect((await get('/v1/trust/draft?add=brain@9.9.9')).statusCode).toBe(404);
  const { signed } = (await get('/v1/trust/draft?add=brain@1.0.0')).json<{ signed: unknown }>();
  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
  expect((await post('/v1/rollouts', { release: 'brain', version: '1.0.0', devices: ['ward-1'] })).statusCode).toBe(
    409,
  );
  expect((await post('/v1/trust/targets', signedBy(signed, keys.targets.slice(0, 1)))).statusCode).toBe(403);
  expect((await post('/v1/trust/targets', signedBy(signed, keys.targets.slice(0, 2)))).statusCode).toBe(204);
  expect((await get('/v1/models')).json()).toMatchObject([{ state: 'signed' }]);
  expect((await get('/v1/trust/timestamp.json')).rawPayload.equals(trust.timestampBytes())).toBe(true);
  for (const bad of ['..%2F1.root.json', '9.root.json', 'hub.key', '3.targets.json'])
    expect((await get(`/v1/trust/${bad}`)).statusCode).toBe(404);

  const part = await get(`/v1/chunks/${ref.sha256}`, { range: 'bytes=1-4' });
  const whole = await registry.readRange(ref.sha256, 0, 1_000_000);
  expect([
    part.statusCode,
    part.headers['content-range'],
    part.rawPayload.equals(whole!.payload.subarray(1, 5)),
  ]).toEqual([206, `bytes 1-4/${whole!.total}`, true]);
  expect((await get(`/v1/chunks/${ref.sha256}`, { range: 'bytes=99999999-' })).statusCode).toBe(416);
  expect((await get(`/v1/chunks/${'0'.repeat(64)}`)).statusCode).toBe(404);

  const created = await post('/v1/rollouts', { release: 'brain', version: '1.0.0', devices: ['ward-1'] });
  expect([created.statusCode, created.json()]).toMatchObject([201, { devices: [{ id: 'ward-1', phase: 'pending' }] }]);
  expect((await get('/v1/rollouts/1')).json()).toMatchObject({ id: 1, release: ref });
  expect((await get('/v1/rollouts/2')).statusCode).toBe(404);
});
