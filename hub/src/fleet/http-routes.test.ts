import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceSummary } from '@collimator/shared/contracts/http-api';
import { silentLog } from '@collimator/shared/observe/log';
import Fastify from 'fastify';
import { expect, test } from 'vitest';
import { openHubStore } from '../store/open-hub-store.ts';
import { createDevices } from './devices.ts';
import { createEventLog } from './event-log.ts';
import { fleetRoutes, type FleetRoutesDeps } from './http-routes.ts';

test('a large fleet is listed whole and in order, and others have their turn meanwhile', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-'));
  const store = await openHubStore(dir);
  const now = () => new Date(0);
  const devices = createDevices({ store, now });
  const ids = Array.from({ length: 1_000 }, (_, i) => `D-${String(i).padStart(5, '0')}`);
  await store.write(
    ids.map((id) => ({
      sql: "INSERT INTO devices (id, enrolled_at, certificate_serial, certificate_expires_at) VALUES (?, '', '', '')",
      params: [id],
    })),
  );
  const follow = () => Promise.resolve();
  const events = createEventLog({ store, devices, now, follow, checkpoint: () => undefined });
  const app = Fastify();
  // What only the other routes need is not there.
  const deps = { devices, events, assigned: () => [], log: silentLog, now } as Partial<FleetRoutesDeps>;
  await app.register(fleetRoutes(deps as FleetRoutesDeps));
  let turns = 0;
  let going = true;
  const count = (): void => {
    turns += 1;
    if (going) setImmediate(count);
  };
  await app.ready();
  count();
  const answer = await app.inject({ method: 'GET', url: '/v1/devices' });
  going = false;
  expect(answer.json<DeviceSummary[]>().map((device) => device.id)).toEqual(ids);
  expect(turns).toBeGreaterThanOrEqual(10);
  await app.close();
  await store.close();
  rmSync(dir, { recursive: true });
});
