import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openAuthority } from '@collimator/provisioning/authority/authority';
import { createRequest } from '@collimator/provisioning/authority/certificate-request';
import { authorityFiles, createAuthority } from '@collimator/provisioning/authority/create-authority';
import { generateKeyPair, privateKeyPem } from '@collimator/provisioning/authority/key-pair';
import { devicePublishes, deviceSubscribes, topics } from '@collimator/shared/contracts/topics';
import { connectMqtt, type MqttConnection } from '@collimator/shared/link/mqtt-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../free-ports.ts';

// The Mosquitto configuration that docker/ ships, run by a real Mosquitto with only its paths and port changed:
// it must allow and refuse exactly what shared/src/contracts/topics.ts does.

const shipped = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../docker/mosquitto/${name}`, import.meta.url)), 'utf8');

let dir: string;
let broker: ChildProcess;
let url: string;
let ca: string;
const open: MqttConnection[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  await createAuthority({ folder: dir, hubHosts: ['127.0.0.1'], days: 2, now: new Date() });
  ca = join(dir, authorityFiles.rootCertificate);
  const port = await freePort();
  writeFileSync(join(dir, 'devices.acl'), shipped('devices.acl'));
  const config = shipped('mosquitto.conf')
    .replace('listener 8883', `listener ${port} 127.0.0.1`)
    .replaceAll('/mosquitto/certificates/', `${dir}/`)
    .replaceAll('/mosquitto/config/', `${dir}/`)
    .replaceAll('/mosquitto/data/', `${dir}/`);
  writeFileSync(join(dir, 'mosquitto.conf'), `${config}\nuser root\n`);
  broker = spawn('mosquitto', ['-c', join(dir, 'mosquitto.conf')], { env: withSbin(), stdio: 'ignore' });
  url = `mqtts://127.0.0.1:${port}`;
});

afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  const ended = new Promise((resolve) => broker.once('exit', resolve));
  broker.kill('SIGTERM');
  await ended;
  rmSync(dir, { recursive: true });
});

describe('Mosquitto as docker/ configures it', () => {
  test('lets a device do what the contract allows, and nothing else', async () => {
    const hub = await connectAs('hub');
    const device = await connectAs('RAD-1');
    const seenByHub: string[] = [];
    const seenByDevice: string[] = [];
    await hub.subscribe('collimator/v1/#', (topic, payload) => seenByHub.push(`${payload.toString()} ${topic}`));
    await device.subscribe('#', (topic) => seenByDevice.push(topic));

    const all = ['RAD-1', 'RAD-2'].flatMap(everyTopic);
    for (const topic of all) await device.publish(topic, 'device', { qos: 1 });
    for (const topic of all) await hub.publish(topic, 'hub', { qos: 1 });
    await hub.publish(topics.chunkData('RAD-1'), 'end', { qos: 1 });
    await poll(() => seenByDevice.filter((topic) => topic === topics.chunkData('RAD-1')).length >= 2);
    await poll(() => seenByHub.some((line) => line.startsWith('end')));

    const published = seenByHub
      .filter((line) => line.startsWith('device '))
      .map((line) => line.slice('device '.length));
    expect(new Set(published)).toEqual(new Set(all.filter((topic) => devicePublishes('RAD-1', topic))));
    expect(new Set(seenByDevice)).toEqual(new Set(all.filter((topic) => deviceSubscribes('RAD-1', topic))));
  });

  test('does not let anybody in without a certificate of the authority', async () => {
    const stranger = connectMqtt({
      url,
      clientId: 'RAD-1',
      ca,
      reconnectMs: 60_000,
      onChange: (up) => states.push(up),
    });
    const states: boolean[] = [];
    open.push(stranger);
    await poll(() => states.length > 0);
    expect(states).not.toContain(true);
    expect(stranger.connected).toBe(false);
  });
});

const everyTopic = (device: string): string[] => [
  topics.fleetTimestamp,
  topics.state(device),
  topics.telemetry(device),
  topics.drift(device),
  topics.events(device),
  topics.commands(device),
  topics.acks(device),
  topics.assignment(device, 'brain-mask-t1'),
  topics.chunkRequest(device),
  topics.chunkData(device),
];

async function connectAs(name: string): Promise<MqttConnection> {
  const files = {
    root: ca,
    certificate: join(dir, authorityFiles.issuingCertificate),
    key: join(dir, authorityFiles.issuingKey),
  };
  const authority = await openAuthority(files, () => new Date());
  const identity =
    name === 'hub' ? await authority.issueHubClientCertificate(1) : await deviceIdentity(authority, name);
  const connection = connectMqtt({
    url,
    clientId: name,
    ca,
    certificate: identity.certificatePem,
    key: identity.keyPem,
  });
  open.push(connection);
  await poll(() => connection.connected);
  return connection;
}

async function deviceIdentity(authority: Awaited<ReturnType<typeof openAuthority>>, serial: string) {
  const keys = await generateKeyPair();
  const issued = await authority.issueDeviceCertificate({ csrPem: await createRequest(serial, keys), serial, days: 1 });
  if (!issued.ok) throw issued.error;
  return { certificatePem: issued.value.chainPem, keyPem: await privateKeyPem(keys.privateKey) };
}

const poll = (condition: () => boolean) => expect.poll(condition).toBe(true);

const withSbin = () => ({ ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` });
