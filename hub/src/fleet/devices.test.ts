import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceState } from '@collimator/shared/contracts/messages';
import type { Store } from '@collimator/shared/sqlite/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHubStore } from '../store/open-hub-store.ts';
import { createDevices, type Devices } from './devices.ts';

let dir: string;
let store: Store;
let devices: Devices;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'devices-'));
  store = await openHubStore(dir);
  devices = createDevices({ store, now: () => new Date(0) });
  const sql =
    "INSERT INTO devices (id, enrolled_at, certificate_serial, certificate_expires_at) VALUES ('a', '', 'ff', '')";
  await store.write([{ sql }]);
});

afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const ref = { name: 'brain-mask-t1', version: '1.0.0', sha256: 'a'.repeat(64) };
const state = (online: boolean, releases: DeviceState['releases']): DeviceState => ({
  schema: 'collimator.state/1',
  device: 'a',
  online,
  at: '1970-01-01T00:00:00Z',
  boot: 'b',
  releases,
});
const active: DeviceState['releases'] = [{ name: ref.name, active: ref, assigned: ref, phase: 'active', stale: false }];

test('a device that dies keeps the releases it last told of: its last will knows none', async () => {
  await devices.takeState(state(true, active));
  await devices.takeState(state(false, []));
  expect(devices.get('a')).toMatchObject({ online: false, state: { online: false, releases: active } });
  await devices.takeState(state(true, []));
  expect(devices.get('a')?.state?.releases).toEqual([]);
});

test('a last will that comes first is kept as it is', async () => {
  await devices.takeState(state(false, []));
  expect(devices.get('a')?.state).toEqual(state(false, []));
});
