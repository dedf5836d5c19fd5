import { readFileSync } from 'node:fs';
import { startEmbeddedBroker } from '@collimator/hub/link/embedded-broker';
import { openAuthority } from '@collimator/provisioning/authority/authority';
import { createRequest } from '@collimator/provisioning/authority/certificate-request';
import { generateKeyPair, privateKeyPem } from '@collimator/provisioning/authority/key-pair';
import { topics } from '@collimator/shared/contracts/topics';
import { silentLog } from '@collimator/shared/observe/log';
import mqtt, { type MqttClient } from 'mqtt';
import { expect, test } from 'vitest';
import { connected } from './appliance.ts';
import { makeHubFolder } from './hub-folder.ts';
import { until } from './until.ts';

const chunk = Buffer.alloc(256 * 1024, 7);
const unsentBytesMax = 2 * 1024 * 1024;
/** The broker waits so long for a slow one. */
const drainMs = 40_000;

test('a device that does not read is dropped at the bound, and holds nobody up meanwhile', async () => {
  const install = await makeHubFolder();
  const files = { root: 'auth/root-ca.crt', certificate: 'auth/issuing-ca.crt', key: 'auth/issuing-ca.key' };
  const { root, certificate, key } = files;
  const authority = await openAuthority(
    { root: install.path(root), certificate: install.path(certificate), key: install.path(key) },
    () => new Date(),
  );
  const dropped: string[] = [];
  const broker = await startEmbeddedBroker(
    {
      host: '127.0.0.1',
      port: 0,
      certificate: readFileSync(install.path('auth/hub.crt'), 'utf8'),
      key: readFileSync(install.path('auth/hub.key'), 'utf8'),
      ca: [authority.rootPem, authority.issuingPem],
      // With so few, the broker's own waiting for the slow one would stop it for everybody before the bound is reached.
      bounds: { unsentBytesMax, concurrency: 4, handshakeMs: drainMs },
    },
    { admits: () => true, log: silentLog, onDropped: (reason) => dropped.push(reason) },
  );
  const enter = (clientId: string, identity: { readonly cert: string; readonly key: string }): Promise<MqttClient> =>
    connected(
      mqtt.connect(`mqtts://127.0.0.1:${broker.port}`, {
        clientId,
        ca: install.rootCa,
        reconnectPeriod: 0,
        ...identity,
      }),
    );
  const device = async (serial: string) => {
    const keys = await generateKeyPair();
    const issued = await authority.issueDeviceCertificate({
      csrPem: await createRequest(serial, keys),
      serial,
      days: 1,
    });
    if (!issued.ok) throw issued.error;
    return enter(serial, { cert: issued.value.chainPem, key: await privateKeyPem(keys.privateKey) });
  };
  const identity = await authority.issueHubClientCertificate(1);
  const hub = await enter('hub', { cert: identity.certificatePem, key: identity.keyPem });
  const slow = await device('SLOW');
  const quick = await device('QUICK');
  await slow.subscribeAsync(topics.chunkData('SLOW'));
  await quick.subscribeAsync(topics.chunkData('QUICK'));
  let received = 0;
  quick.on('message', () => (received += 1));

  slow.stream.pause();
  slow.stream.removeAllListeners('data');
  const delaysMs: number[] = [];
  let sentToSlow = 0;
  for (; dropped.length === 0; sentToSlow += 1) {
    expect(sentToSlow, 'the bound and what the system buffers').toBeLessThan(200);
    const before = received;
    const begun = performance.now();
    await Promise.all([
      hub.publishAsync(topics.chunkData('SLOW'), chunk, { qos: 0 }),
      hub.publishAsync(topics.chunkData('QUICK'), chunk, { qos: 0 }),
    ]);
    await until('the quick one has its chunk', () => received > before);
    delaysMs.push(performance.now() - begun);
  }
  expect(dropped).toEqual(['slow-consumer']);
  expect(sentToSlow).toBeGreaterThanOrEqual(unsentBytesMax / chunk.length);
  // With the broker's own waiting, each of these would take until its drain timeout.
  expect(Math.max(...delaysMs)).toBeLessThan(drainMs / 2);

  await Promise.all([hub, slow, quick].map((client) => client.endAsync(true)));
  await broker.close();
  install.remove();
});
