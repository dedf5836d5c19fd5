import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import { type DeviceEvent, deviceEvent } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import { connectMqtt, type MqttConnection } from '@collimator/shared/link/mqtt-client';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import { silentLog } from '@collimator/shared/observe/log';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import { signBytes, type SigningKey, signingKeyFromPem } from '@collimator/shared/release/keys';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { createRegistry } from '@collimator/hub/release/registry/registry';
import { createChunkServer } from '@collimator/hub/release/rollout/chunk-server';
import { createFleetTimestamp } from '@collimator/hub/release/rollout/fleet-timestamp';
import { createRollouts } from '@collimator/hub/release/rollout/rollouts';
import { openTrust } from '@collimator/hub/release/sign/trust';
import { keyCeremonyDefaults, makeKeys } from '@collimator/provisioning/keys/make-keys';
import { type FolderOptions, makeReleaseFolder } from './release-folder.ts';

/** What a test may do to everything that the hub publishes. */
export type Meddler = (topic: string, payload: Buffer) => Buffer | undefined;

export type HubSide = Awaited<ReturnType<typeof startHubSide>>;

const migrations = new URL('../../../hub/src/store/migrations/', import.meta.url);

/** The release part of the hub, wired as main.ts wires it, with all keys of the ceremony in the test's hands. */
export async function startHubSide(dir: string, url: string, now: () => Date, devices: readonly string[]) {
  const keysDir = join(dir, 'keys');
  await makeKeys(keysDir, keyCeremonyDefaults, now());
  const key = async (path: string) => signingKeyFromPem(await readFile(join(keysDir, path), 'utf8'), path);
  const targetsKeys = [await key('offline/targets-1.pem'), await key('offline/targets-2.pem')];
  const directorKey = await key('online/director.pem');

  const store = await openStore({ file: join(dir, 'hub.sqlite'), migrations });
  const registry = createRegistry({ store, dir: join(dir, 'registry'), log: silentLog, now });
  const trust = await openTrust({
    dir: join(keysDir, 'repository'),
    objects: registry.objects,
    registered: (name, version) => {
      const release = registry.get(name, version);
      return release && { sha256: release.ref.sha256, length: release.length };
    },
    snapshotKey: await key('online/snapshot.pem'),
    timestampKey: await key('online/timestamp.pem'),
    now,
    log: silentLog,
  });

  const connection: MqttConnection = connectMqtt({ url, clientId: 'hub', reconnectMs: 100 });
  const state: { meddle: Meddler | undefined; chunksSent: number } = { meddle: undefined, chunksSent: 0 };
  const mqtt: MqttPort = {
    get connected() {
      return connection.connected;
    },
    subscribe: (filter, listener) => connection.subscribe(filter, listener),
    onConnected: (listener) => connection.onConnected(listener),
    async publish(topic, payload, options) {
      if (topic.startsWith('collimator/v1/chunks/')) state.chunksSent += 1;
      const sent = state.meddle === undefined ? payload : state.meddle(topic, Buffer.from(payload));
      if (sent !== undefined) await connection.publish(topic, sent, options);
    },
  };
  const fleetTimestamp = createFleetTimestamp({ trust, mqtt, log: silentLog });
  const knownDevice = (id: string) => devices.includes(id);
  const rollouts = createRollouts({ store, registry, trust, directorKey, knownDevice, mqtt, now, log: silentLog });
  const chunkServer = createChunkServer({ mqtt, readRange: registry.readRange, trust, now, log: silentLog });
  const events: DeviceEvent[] = [];
  await mqtt.subscribe(topics.events('+'), (_topic, payload) => {
    const event = deviceEvent.parse(JSON.parse(payload.toString('utf8')), 'event');
    events.push(event);
    void rollouts.recordEvent(event);
  });
  await chunkServer.start();
  fleetTimestamp.start();
  rollouts.start();

  return {
    registry,
    trust,
    rollouts,
    fleetTimestamp,
    connection,
    directorKey,
    keysDir,
    events,
    state,
    register: async (options: FolderOptions & { readonly folder: string }) =>
      registry.register(await makeReleaseFolder(join(dir, options.folder), options)),
    async sign(ref: ReleaseRef, keys: readonly SigningKey[] = targetsKeys) {
      const length = registry.get(ref.name, ref.version)?.length ?? 0;
      const { signed } = trust.draft({ ...ref, length });
      const bytes = canonicalJson(signed);
      await trust.submitTargets({ signed, signatures: keys.map((k) => signBytes(bytes, k)) });
    },
    rollOut: (ref: ReleaseRef, to: readonly string[] = devices) =>
      rollouts.create({ release: ref.name, version: ref.version, devices: [...to] }),
    async stop() {
      rollouts.stop();
      fleetTimestamp.stop();
      chunkServer.stop();
      await connection.close();
      await store.close();
    },
  };
}
