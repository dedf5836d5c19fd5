import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import { expect, vi } from 'vitest';
import { type DeviceOptions, type DeviceSide, startDeviceSide } from './device-side.ts';
import { type HubSide, startHubSide } from './hub-side.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';

export const id = 'ward-7';
export const hour = 3_600_000;

/** The release part of a hub and the model part of an appliance, with a real broker between them. */
export interface ModelWorld {
  readonly dir: string;
  readonly broker: Mosquitto;
  readonly hub: HubSide;
  /** The appliance of now; a test that restarts it puts the new one here. */
  device: DeviceSide;
  readonly clock: { at: Date };
  now(): Date;
  startDevice(over?: Partial<DeviceOptions>): Promise<DeviceSide>;
  /** Version of the release that runs. */
  readonly active: () => string | undefined;
  /** Codes of all refusals that the hub was told of. */
  readonly refusals: () => (string | undefined)[];
  becomes(version: string): Promise<void>;
  isRefused(code: string): Promise<void>;
  /** Registers, signs and rolls out. */
  release(version: string, model?: Buffer): Promise<ReleaseRef>;
  close(): Promise<void>;
}

export async function createModelWorld(): Promise<ModelWorld> {
  const clock = { at: new Date('2026-11-23T12:00:00Z') };
  const now = () => clock.at;
  const dir = await mkdtemp(join(tmpdir(), 'collimator-model-way-'));
  const broker = await startMosquitto(dir);
  const hub = await startHubSide(dir, broker.url, now, [id]);
  await vi.waitUntil(() => hub.connection.connected);
  const startDevice = async (over: Partial<DeviceOptions> = {}) =>
    startDeviceSide({ dir: join(dir, id), url: broker.url, id, root: hub.trust.rootBytes(1)!, now, ...over });
  const world: ModelWorld = {
    dir,
    broker,
    hub,
    device: await startDevice(),
    clock,
    now,
    startDevice,
    active: () => world.device.way.releases.active('brain-mask-t1')?.ref.version,
    refusals: () => hub.events.filter((event) => event.phase === 'refused').map((event) => event.code),
    becomes: (version) => expect.poll(world.active).toBe(version),
    isRefused: (code) => expect.poll(world.refusals).toContain(code),
    async release(version, model) {
      const ref = await hub.register({ folder: `run-${version}`, version, ...(model && { model }) });
      await hub.sign(ref);
      await hub.rollOut(ref);
      return ref;
    },
    async close() {
      await world.device.stop();
      await hub.stop();
      await broker.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
  return world;
}
