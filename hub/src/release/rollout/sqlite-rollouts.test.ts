import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '@collimator/shared/sqlite/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHubStore } from '../../store/open-hub-store.ts';
import { rolloutDevicesMax, rolloutTables } from './sqlite-rollouts.ts';

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'rollouts-'));
  store = await openHubStore(dir);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const ref = { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) };
const at = new Date(0);
const row = (device: string, rollout: number) => ({
  next: { device, ...ref, serial: 1, rollout, expires: '2000-01-01T00:00:00Z', envelope: Buffer.alloc(1) },
  before: undefined,
});

test('a retired device gets no new signatures, and does not stand in the way of others', async () => {
  const insert = `INSERT INTO devices (id, enrolled_at, certificate_serial, certificate_expires_at, retired_at)
    VALUES (?, '', '', '', ?)`;
  await store.write([
    { sql: insert, params: ['a', '1999-01-01T00:00:00Z'] },
    { sql: insert, params: ['b', null] },
  ]);
  const tables = rolloutTables(store);
  const id = await tables.newRollout(ref, at);
  await tables.assign([row('a', id), row('b', id)], at);
  expect(tables.expiring(new Date('2001-01-01'), 1).map((each) => each.device)).toEqual(['b']);
});

test('a list of large roll-outs ends at a number of devices; each is still shown by its id', async () => {
  const tables = rolloutTables(store);
  const devices = rolloutDevicesMax / 2;
  for (let n = 0; n < 3; n++) {
    const id = await tables.newRollout({ ...ref, name: `brain-${n}` }, at);
    const rows = Array.from({ length: devices }, (_, i) => row(`d-${i}`, id));
    await tables.assign(
      rows.map(({ next, before }) => ({ next: { ...next, name: `brain-${n}` }, before })),
      at,
    );
  }
  expect(tables.list().map((rollout) => [rollout.id, rollout.devices.length])).toEqual([
    [3, devices],
    [2, devices],
  ]);
  expect(tables.get(1)?.devices).toHaveLength(devices);
});
