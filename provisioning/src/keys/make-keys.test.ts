import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signedBy } from '@collimator/shared/release/trusted-metadata';
import { openRoot } from '@collimator/shared/release/trusted-root';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSigningKey } from '../signing/sign-release.ts';
import { keyCeremonyDefaults, makeKeys } from './make-keys.ts';

const now = new Date('2026-11-23T12:00:00Z');
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'collimator-keys-'));
});
afterEach(() => rm(dir, { recursive: true }));

test('makes a repository that opens, with the thresholds asked for and every private key for its owner alone', async () => {
  const written = await makeKeys(dir, { ...keyCeremonyDefaults, rootKeys: 5, rootThreshold: 3 }, now);
  expect(written.map(({ role }) => role).sort()).toEqual(
    [
      'root',
      'root',
      'root',
      'root',
      'root',
      'targets',
      'targets',
      'targets',
      'snapshot',
      'timestamp',
      'director',
    ].sort(),
  );
  for (const { file, keyid } of written) {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readSigningKey(file)).keyid).toBe(keyid);
    expect(await readFile(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  }
  const root = openRoot(await readFile(join(dir, 'repository', '1.root.json')));
  if (!root.ok) throw new Error(root.error.detail);
  expect([root.value.roles.root.threshold, root.value.roles.root.keys.size]).toEqual([3, 5]);
  expect(root.value.director.keyid).toBe(written.find(({ role }) => role === 'director')?.keyid);
  expect(root.value.parsed.signed.expires).toBe('2027-11-23T12:00:00Z');
  const targets = signedBy(root.value, 'targets', await readFile(join(dir, 'repository', '1.targets.json')));
  expect(targets).toMatchObject({ ok: true, value: { signed: { version: 1, targets: {} } } });
  expect((await readdir(join(dir, 'public'))).every((file) => file.endsWith('.pem'))).toBe(true);
  for (const file of await readdir(join(dir, 'public')))
    expect(await readFile(join(dir, 'public', file), 'utf8')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
});

test('never overwrites keys', async () => {
  await makeKeys(dir, keyCeremonyDefaults, now);
  await expect(makeKeys(dir, keyCeremonyDefaults, now)).rejects.toMatchObject({ code: 'keys-exist' });
});

test('names every problem of a ceremony, and makes nothing', async () => {
  const out = join(dir, 'new');
  const wrong = { ...keyCeremonyDefaults, rootThreshold: 4, targetsKeys: 0, rootExpiresDays: Number.NaN };
  await expect(makeKeys(out, wrong, now)).rejects.toMatchObject({
    code: 'config-invalid',
    detail:
      '--root-threshold must be 1…3; --targets-keys must be 1…16; --targets-threshold must be 1…0; --root-expires-days must be above 0',
  });
  expect(await readdir(dir)).toEqual([]);
});
