import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { enrol, type EnrolOptions } from '@collimator/provisioning/enrol/enrol';
import { topics } from '@collimator/shared/contracts/topics';
import mqtt, { type MqttClient } from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Appliance, connected, enrolAppliance, openSession, state } from './appliance.ts';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { type RunningHub, runHub } from './running-hub.ts';
import { until } from './until.ts';

/** How a client sees that it was turned away: the broker closes, or refuses the handshake with an alert. */
const refusal = /alert|closed|ECONNRESET|EPIPE|[Cc]onnection refused/;

let install: HubFolder;
let hub: RunningHub;
let a: Appliance;
let b: Appliance;
let sessions: MqttClient[] = [];

beforeAll(async () => {
  install = await makeHubFolder();
  hub = await runHub(install);
  a = await enrolAppliance(hub, install, 'RAD-A');
  b = await enrolAppliance(hub, install, 'RAD-B');
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.endAsync(true)));
  sessions = [];
});
afterAll(async () => {
  await hub.stop();
  for (const each of [a, b, install]) each.remove();
});

const open = (...args: Parameters<typeof openSession>): MqttClient => {
  const session = openSession(...args);
  sessions.push(session);
  return session;
};
const enter = (...args: Parameters<typeof openSession>) => connected(open(...args));
const granted = async (session: MqttClient, filter: string): Promise<boolean> => {
  // The client rejects a subscription that the broker answers with 0x80.
  const outcome = await session.subscribeAsync(filter, { qos: 1 }).then(
    (grants) => (grants[0]?.qos ?? 128) < 128,
    () => false,
  );
  expect(session.connected).toBe(true);
  return outcome;
};

describe('who gets in', () => {
  test('a device with its certificate, under its own name', async () => {
    expect((await enter(a)).connected).toBe(true);
  });

  test.each([
    ['under the name of another device', { clientId: 'RAD-B' }],
    ['under the name of the hub', { clientId: 'hub' }],
    ['with the user name of another', { username: 'RAD-B' }],
    ['with a session to be kept', { clean: false }],
  ])('not %s', async (_what, options) => {
    await expect(enter(a, options)).rejects.toThrow(refusal);
  });

  test('nobody without a certificate', async () => {
    const session = mqtt.connect(`mqtts://127.0.0.1:${hub.hub.mqttPort}`, {
      clientId: 'RAD-A',
      ca: install.rootCa,
      reconnectPeriod: 0,
    });
    sessions.push(session);
    await expect(connected(session)).rejects.toThrow(refusal);
  });

  test('nobody with a certificate of another authority, even for the same name', async () => {
    const foreign = await makeHubFolder();
    const foreignHub = await runHub(foreign);
    const impostor = await enrolAppliance(foreignHub, foreign, 'RAD-A');
    writeFileSync(join(impostor.folder, 'ca.crt'), install.rootCa);
    const port = hub.hub.mqttPort ?? 0;
    await expect(enter(impostor, { port })).rejects.toThrow(refusal);
    await foreignHub.stop();
    for (const each of [impostor, foreign]) each.remove();
  });

  test('not with the certificate of the hub server: it is for servers only', async () => {
    const session = mqtt.connect(`mqtts://127.0.0.1:${hub.hub.mqttPort}`, {
      clientId: 'Collimator hub server',
      ca: install.rootCa,
      cert: readFileSync(install.path('auth/hub.crt')),
      key: readFileSync(install.path('auth/hub.key')),
      reconnectPeriod: 0,
    });
    sessions.push(session);
    await expect(connected(session)).rejects.toThrow(refusal);
  });

  test('not below TLS 1.2', async () => {
    const reason = await new Promise<string>((resolve) => {
      const socket = tlsConnect({
        port: hub.hub.mqttPort ?? 0,
        host: '127.0.0.1',
        ca: install.rootCa,
        cert: readFileSync(join(a.folder, 'device.crt')),
        key: createPrivateKey(readFileSync(join(a.folder, 'device.key'))).export({ type: 'pkcs8', format: 'pem' }),
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL:@SECLEVEL=0',
      });
      socket.once('secureConnect', () => resolve('connected'));
      socket.once('error', (error) => resolve(error.message));
    });
    expect(reason).toMatch(/protocol version|unsupported protocol|ssl/i);
  });
});

describe('what a device may do', () => {
  test('hear what is told to it, and nothing that is told to another', async () => {
    const session = await enter(a);
    for (const filter of [
      topics.assignments('RAD-A'),
      topics.acks('RAD-A'),
      topics.chunkData('RAD-A'),
      topics.fleetTimestamp,
    ]) {
      expect([filter, await granted(session, filter)]).toEqual([filter, true]);
    }
    for (const filter of [
      topics.assignments('RAD-B'),
      topics.acks('RAD-B'),
      topics.state('RAD-B'),
      topics.chunkData('RAD-B'),
      'collimator/v1/devices/+/acks',
      'collimator/v1/#',
      '#',
      '$SYS/#',
    ]) {
      expect([filter, await granted(session, filter)]).toEqual([filter, false]);
    }
  });

  test.each([
    ['the state of another', topics.state('RAD-B')],
    ['events of another', topics.events('RAD-B')],
    ['an assignment, even its own', topics.assignment('RAD-A', 'brain')],
    ['an acknowledgement', topics.acks('RAD-A')],
    ['the timestamp of the fleet', topics.fleetTimestamp],
    ['a topic of the broker', '$SYS/x'],
  ])('not publish %s: its session ends and nobody hears it', async (_what, topic) => {
    const listener = await enter(b);
    const heard: string[] = [];
    listener.on('message', (_topic, payload) => heard.push(payload.toString()));
    await listener.subscribeAsync([topics.acks('RAD-B'), topics.assignments('RAD-B'), topics.fleetTimestamp]);
    const session = await enter(a);
    session.publish(topic, 'forged', { qos: 1, retain: true });
    await until('the session has ended', () => !session.connected);
    await until(
      'the other still works',
      async () => (await listener.subscribeAsync(topics.commands('RAD-B'))).length === 1,
    );
    expect(heard).not.toContain('forged');
    expect((await hub.operator.showDevice('RAD-B')).status).toBe('registered');
  });

  test('not make its last will speak for another', async () => {
    const session = mqtt.connect(`mqtts://127.0.0.1:${hub.hub.mqttPort}`, {
      clientId: 'RAD-A',
      ca: install.rootCa,
      cert: readFileSync(join(a.folder, 'device.crt')),
      key: readFileSync(join(a.folder, 'device.key')),
      reconnectPeriod: 0,
      will: {
        topic: topics.state('RAD-B'),
        payload: Buffer.from(JSON.stringify(state('RAD-B'))),
        qos: 1,
        retain: true,
      },
    });
    sessions.push(session);
    await connected(session);
    session.stream.destroy();
    await until('the broker noticed', () => hub.log.some((line) => line.includes('not a topic of this device')));
    expect((await hub.operator.showDevice('RAD-B')).online).toBe(false);
  });

  test('not send a packet of more than the bound', async () => {
    const session = await enter(a);
    session.publish(topics.state('RAD-A'), Buffer.alloc(2 * 1024 * 1024), { qos: 1 });
    await until('the session has ended', () => !session.connected);
    await until('it is told', () => hub.log.some((line) => line.includes('packet-too-large')));
  });
});

test('retiring a device ends its live session at once and for good', async () => {
  const c = await enrolAppliance(hub, install, 'RAD-C');
  const session = await enter(c);
  session.publish(topics.state('RAD-C'), JSON.stringify(state('RAD-C')), { qos: 1 });
  await until('it is seen', async () => (await hub.operator.showDevice('RAD-C')).online);
  expect((await hub.operator.retireDevice('RAD-C')).status).toBe('retired');
  await until('the session has ended', () => !session.connected, 2_000);
  await expect(enter(c)).rejects.toThrow(refusal);
  await expect(hub.operator.retireDevice('RAD-C')).rejects.toMatchObject({ code: 'device-retired' });
  c.remove();
});

test('a replaced certificate ends with its session, and the new one works', async () => {
  const old = await enrolAppliance(hub, install, 'RAD-D');
  const session = await enter(old);
  const anew = await enrolAppliance(hub, install, 'RAD-D');
  await until('the old session has ended', () => !session.connected, 2_000);
  await expect(enter(old)).rejects.toThrow(refusal);
  expect((await enter(anew)).connected).toBe(true);
  for (const each of [old, anew]) each.remove();
});

test('enrolling again over a given identity has to be asked for', async () => {
  const { token } = await hub.operator.createToken({ serial: 'RAD-E', expires_s: 60 });
  const options: EnrolOptions = {
    hubUrl: hub.url,
    ca: install.path('auth/root-ca.crt'),
    token,
    serial: 'RAD-E',
    outDir: a.folder,
  };
  await expect(enrol(options)).rejects.toMatchObject({ code: 'device-key-exists' });
});
