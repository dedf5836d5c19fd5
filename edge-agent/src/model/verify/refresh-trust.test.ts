import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@collimator/shared/observe/log';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { type FixtureSet, fixtureKeys, fixtureRoot, fixtureSet } from '@collimator/shared/release/fixture-repository';
import { generateSigningKey } from '@collimator/shared/release/keys';
import { refuse } from '@collimator/shared/release/refusal';
import { trustFresh } from '@collimator/shared/release/trusted-metadata';
import { ok } from '@collimator/shared/result';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RangeClient } from '../fetch/range-client.ts';
import { completeTrust, refreshRoot, takeTimestamp } from './refresh-trust.ts';
import { openTrustFiles } from './trust-files.ts';

const now = new Date('2026-11-23T12:00:00Z');
const keys = fixtureKeys();
const signal = new AbortController().signal;
let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'collimator-trust-'));
  await writeFile(join(dir, 'root.json'), fixtureRoot(keys, 1, now));
});
afterEach(() => rm(dir, { recursive: true }));

/** The appliance after a (re)start, against a hub that has these objects and roots. */
async function restart(objects: readonly Buffer[] = [], roots: readonly Buffer[] = []) {
  const byDigest = new Map(objects.map((object) => [sha256Hex(object), object]));
  const ranges: RangeClient = {
    start: () => Promise.resolve(),
    range: (sha256, offset, length) => {
      const object = byDigest.get(sha256);
      return Promise.resolve(object ? ok(object.subarray(offset, offset + length)) : refuse('chunk-missing', sha256));
    },
    root: (version) => Promise.resolve(ok(roots[version - 2])),
  };
  const files = await openTrustFiles(dir, silentLog);
  const deps = { files, ranges, now: () => now, log: silentLog };
  return {
    files,
    root: () => refreshRoot(deps, signal),
    async take(set: FixtureSet) {
      const taken = await takeTimestamp(deps, set.timestamp);
      return taken.ok ? completeTrust(deps, signal) : taken;
    },
  };
}
const objectsOf = (...sets: FixtureSet[]) => sets.flatMap((set) => [set.snapshot, set.targets]);

test('what was trusted is trusted after a restart, and older metadata is still refused', async () => {
  const [one, two] = [fixtureSet(keys, 1, now), fixtureSet(keys, 2, now)];
  expect((await (await restart(objectsOf(one, two))).take(two)).ok).toBe(true);
  const again = await restart(objectsOf(one, two));
  expect(trustFresh(again.files.trust, now).ok).toBe(true);
  expect(await again.take(one)).toMatchObject({ error: { code: 'metadata-older', role: 'timestamp' } });
});

test('a power cut between timestamp and snapshot is made up for', async () => {
  const set = fixtureSet(keys, 1, now);
  expect(await (await restart()).take(set)).toMatchObject({ error: { code: 'chunk-missing', role: 'snapshot' } });
  const again = await restart(objectsOf(set));
  expect(trustFresh(again.files.trust, now).ok).toBe(false);
  expect((await again.take(set)).ok).toBe(true);
  expect(trustFresh(again.files.trust, now).ok).toBe(true);
});

test('every root in between is taken, and forgotten online keys take their metadata with them', async () => {
  const set = fixtureSet(keys, 5, now);
  const next = { ...keys, timestamp: generateSigningKey(), director: generateSigningKey() };
  const roots = [fixtureRoot(keys, 2, now), fixtureRoot(next, 3, now)];
  const device = await restart(objectsOf(set), roots);
  await device.take(set);
  expect((await device.root()).ok).toBe(true);
  expect(device.files.trust).toMatchObject({ root: { version: 3, director: { keyid: next.director.keyid } } });
  expect([device.files.trust.timestamp, device.files.trust.snapshot]).toEqual([undefined, undefined]);
  // A thief of the old key may have run the versions up; the new key starts where it likes.
  const fresh = fixtureSet({ ...next, snapshot: keys.snapshot }, 5, now);
  const again = await restart(objectsOf(fresh), roots);
  expect(again.files.trust.root.version).toBe(3);
  expect(await again.take(set)).toMatchObject({ error: { code: 'metadata-key-unknown' } });
  expect(await again.take(fixtureSet(next, 4, now))).toMatchObject({ error: { role: 'snapshot' } });
});

test('a root that strangers signed changes nothing on the disk', async () => {
  const stranger = fixtureKeys();
  const before = await readFile(join(dir, 'root.json'));
  const device = await restart([], [fixtureRoot(stranger, 2, now)]);
  expect(await device.root()).toMatchObject({ error: { code: 'metadata-signatures-too-few', role: 'root' } });
  expect((await readFile(join(dir, 'root.json'))).equals(before)).toBe(true);
});

test('a device without its root says so', async () => {
  await rm(join(dir, 'root.json'));
  await expect(restart()).rejects.toMatchObject({ code: 'trusted-root-unusable' });
  await writeFile(join(dir, 'root.json'), 'half a');
  await expect(restart()).rejects.toMatchObject({ code: 'trusted-root-unusable' });
});

test('versions never go back, whatever comes, with a restart after each', async () => {
  const sets = [1, 2, 3].map((version) => fixtureSet(keys, version, now));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 5 }), async (order) => {
      for (const role of ['timestamp', 'snapshot', 'targets']) await rm(join(dir, `${role}.json`), { force: true });
      let highest = -1;
      for (const index of order) {
        const device = await restart(objectsOf(...sets));
        const taken = await device.take(sets[index]!);
        expect(taken.ok).toBe(index >= highest);
        highest = Math.max(highest, index);
        expect(device.files.trust.targets?.signed.version).toBe(highest + 1);
      }
    }),
    { numRuns: 20 },
  );
});
