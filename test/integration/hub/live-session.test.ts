import { readFileSync } from 'node:fs';
import { connect as tlsConnect, type TLSSocket } from 'node:tls';
import { type EmbeddedBroker, startEmbeddedBroker } from '@collimator/hub/link/embedded-broker';
import { type Authority, openAuthority } from '@collimator/provisioning/authority/authority';
import { createRequest } from '@collimator/provisioning/authority/certificate-request';
import { generateKeyPair, privateKeyPem } from '@collimator/provisioning/authority/key-pair';
import { silentLog } from '@collimator/shared/observe/log';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connected } from './appliance.ts';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { until } from './until.ts';

let install: HubFolder;
let authority: Authority;
let identity: { readonly cert: string; readonly key: string };
let broker: EmbeddedBroker;
let onAdmit: () => void;

beforeAll(async () => {
  install = await makeHubFolder();
  const path = (name: string) => install.path(`auth/${name}`);
  authority = await openAuthority(
    { root: path('root-ca.crt'), certificate: path('issuing-ca.crt'), key: path('issuing-ca.key') },
    () => new Date(),
  );
  const keys = await generateKeyPair();
  const csrPem = await createRequest('RAD-1', keys);
  const issued = await authority.issueDeviceCertificate({ csrPem, serial: 'RAD-1', days: 1 });
  if (!issued.ok) throw issued.error;
  identity = { cert: issued.value.chainPem, key: await privateKeyPem(keys.privateKey) };
  broker = await startEmbeddedBroker(
    {
      host: '127.0.0.1',
      port: 0,
      certificate: readFileSync(path('hub.crt'), 'utf8'),
      key: readFileSync(path('hub.key'), 'utf8'),
      ca: [authority.rootPem, authority.issuingPem],
      bounds: { connectionsPerPeerMax: 3, refusedSubscriptionsMax: 5 },
    },
    {
      admits() {
        onAdmit();
        return true;
      },
      log: silentLog,
    },
  );
});
afterEach(() => {
  onAdmit = () => undefined;
});
afterAll(async () => {
  await broker.close();
  install.remove();
});

const enter = () =>
  mqtt.connect(`mqtts://127.0.0.1:${broker.port}`, {
    clientId: 'RAD-1',
    ca: install.rootCa,
    reconnectPeriod: 0,
    ...identity,
  });

test('a device that is retired in the very moment in which it is let in does not stay', async () => {
  const found: boolean[] = [];
  onAdmit = () => queueMicrotask(() => found.push(broker.disconnect('RAD-1', 'retired')));
  const session = enter();
  await expect(connected(session)).rejects.toThrow(/closed|ECONNRESET/);
  expect(found).toEqual([true]);
  expect(broker.disconnect('RAD-1', 'retired')).toBe(false);
  await session.endAsync(true);
});

test('a session that keeps asking for what it may not hear ends', async () => {
  onAdmit = () => undefined;
  const session = await connected(enter());
  const filters = Array.from({ length: 5 }, (_, i) => `collimator/v1/devices/RAD-${i + 2}/acks`);
  for (const filter of filters) session.subscribe(filter, { qos: 1 });
  await until('the session has ended', () => !session.connected);
  await session.endAsync(true);
});

test('one device cannot take up the connections of all', async () => {
  onAdmit = () => undefined;
  const sockets: TLSSocket[] = [];
  for (let i = 0; i < 3; i++) {
    const socket = tlsConnect({ port: broker.port, host: '127.0.0.1', ca: install.rootCa, ...identity });
    // The broker may end it at any time; that it did is seen by the test.
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    sockets.push(socket);
  }
  const session = enter();
  await expect(connected(session)).rejects.toThrow(/closed|ECONNRESET/);
  await session.endAsync(true);
  for (const socket of sockets) socket.destroy();
  await until('there is room again', async () => {
    const again = enter();
    const entered = await connected(again).then(
      () => true,
      () => false,
    );
    await again.endAsync(true);
    return entered;
  });
});
