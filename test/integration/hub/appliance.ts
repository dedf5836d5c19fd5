import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrol } from '@collimator/provisioning/enrol/enrol';
import { identityFiles, readHubFile } from '@collimator/provisioning/enrol/identity-files';
import type { HubClient } from '@collimator/provisioning/operator/hub-client';
import type { DeviceEvent, DeviceState } from '@collimator/shared/contracts/messages';
import mqtt, { type MqttClient } from 'mqtt';
import type { HubFolder } from './hub-folder.ts';

/** An enrolled identity on disk, as an appliance has it. */
export type Appliance = { readonly id: string; readonly folder: string; readonly remove: () => void };

export async function enrolAppliance(
  hub: { readonly operator: HubClient; readonly url: string },
  install: HubFolder,
  id: string,
): Promise<Appliance> {
  const folder = mkdtempSync(join(tmpdir(), 'appliance-'));
  const { token } = await hub.operator.createToken({ serial: id, expires_s: 60 });
  await enrol({ hubUrl: hub.url, ca: install.path('auth/root-ca.crt'), token, serial: id, outDir: folder });
  return { id, folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export type SessionOptions = {
  readonly clientId?: string;
  readonly username?: string;
  readonly clean?: boolean;
  readonly port?: number;
  readonly reconnectMs?: number;
};

const text = (appliance: Appliance, name: string) => readFileSync(join(appliance.folder, name), 'utf8');

/** The appliance's own MQTT session with its certificate; not connected yet. */
export function openSession(appliance: Appliance, options: SessionOptions = {}): MqttClient {
  const { hostname, port } = new URL(readHubFile(appliance.folder).broker_url);
  return mqtt.connect(`mqtts://${hostname}:${options.port ?? port}`, {
    clientId: options.clientId ?? appliance.id,
    clean: options.clean ?? true,
    ...(options.username !== undefined && { username: options.username }),
    ca: text(appliance, identityFiles.ca),
    cert: text(appliance, identityFiles.certificate),
    key: text(appliance, identityFiles.key),
    reconnectPeriod: options.reconnectMs ?? 0,
    connectTimeout: 5_000,
    keepalive: 5,
  });
}

/** Resolves with the connected session, rejects with the reason when the broker closes it instead. */
export function connected(client: MqttClient): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker closed the connection')));
  });
}

export const state = (id: string, online = true): DeviceState => ({
  schema: 'collimator.state/1',
  device: id,
  online,
  at: '2026-11-23T12:00:00Z',
  boot: 'boot-1',
  releases: [],
});

export const event = (id: string, seq: number, more: Partial<DeviceEvent> = {}): DeviceEvent => ({
  schema: 'collimator.event/1',
  device: id,
  seq,
  at: '2026-11-23T12:00:00Z',
  release: { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) },
  assignment: 1,
  phase: 'announced',
  ...more,
});
