import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Store } from '@collimator/shared/sqlite/store';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHubStore } from '../store/open-hub-store.ts';
import { createDevices } from './devices.ts';
import { createEventLog } from './event-log.ts';

let dir: string;
let store: Store;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'events-'));
  store = await openHubStore(dir);
  const sql =
    "INSERT INTO devices (id, enrolled_at, certificate_serial, certificate_expires_at) VALUES ('a', '', 'ff', '')";
  await store.write([{ sql }]);
});
afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true });
});

const event = (seq: number): DeviceEvent => ({
  schema: 'collimator.event/1',
  device: 'a',
  seq,
  at: '1970-01-01T00:00:00Z',
  release: { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) },
  assignment: 1,
  phase: 'announced',
});

test('an event is not acknowledged, not even with a later one, before what follows from it is on the disk', async () => {
  const now = () => new Date(0);
  const followed: number[] = [];
  let full = true;
  const log = createEventLog({
    store,
    devices: createDevices({ store, now }),
    now,
    follow({ seq }) {
      if (full && seq === 1) return Promise.reject(new CodedError('store-unavailable', 'full'));
      followed.push(seq);
      return Promise.resolve();
    },
    checkpoint: () => undefined,
  });
  await expect(log.take(event(1))).rejects.toMatchObject({ code: 'store-unavailable' });
  expect(await log.take(event(2))).toBe(0);
  full = false;
  expect(await log.take(event(1))).toBe(2);
  expect(await log.take(event(2))).toBe(2);
  // In the order in which the device told them, at last.
  expect(followed).toEqual([2, 1, 2]);
});
