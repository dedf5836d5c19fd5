import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { topics } from '@collimator/shared/contracts/topics';
import { afterAll, expect, test } from 'vitest';
import { connected, enrolAppliance, event, openSession, state } from './appliance.ts';
import { makeHubFolder } from './hub-folder.ts';
import { runHub } from './running-hub.ts';
import { until } from './until.ts';
import { freePort } from '../../free-ports.ts';

const cleanups: (() => unknown)[] = [];
afterAll(async () => {
  for (const clean of cleanups.reverse()) await clean();
});

test('with Mosquitto the hub is a client with a certificate of its own, and the same protocol works', async () => {
  const port = await freePort();
  const install = await makeHubFolder({ broker: { kind: 'external', url: `mqtts://127.0.0.1:${port}` } });
  cleanups.push(install.remove);
  writeFileSync(
    install.path('mosquitto.conf'),
    [
      'user root',
      `listener ${port} 127.0.0.1`,
      `cafile ${install.path('auth/root-ca.crt')}`,
      `certfile ${install.path('auth/hub.crt')}`,
      `keyfile ${install.path('auth/hub.key')}`,
      'require_certificate true',
      'use_identity_as_username true',
      'set_tcp_nodelay true',
      '',
    ].join('\n'),
  );
  const broker = spawn('mosquitto', ['-c', install.path('mosquitto.conf')], { stdio: 'ignore' });
  cleanups.push(async () => {
    broker.kill('SIGKILL');
    await once(broker, 'exit');
  });
  const hub = await runHub(install);
  cleanups.push(hub.stop);
  expect(hub.hub.mqttPort).toBeUndefined();
  await until('the hub is ready', () =>
    hub.operator.get('/readyz').then(
      () => true,
      () => false,
    ),
  );

  const appliance = await enrolAppliance(hub, install, 'RAD-1');
  cleanups.push(appliance.remove);
  const session = await connected(openSession(appliance));
  const heard: string[] = [];
  session.on('message', (topic) => heard.push(topic));
  await session.subscribeAsync([topics.acks('RAD-1'), topics.fleetTimestamp], { qos: 1 });
  await session.publishAsync(topics.state('RAD-1'), JSON.stringify(state('RAD-1')), { qos: 1, retain: true });
  await session.publishAsync(topics.events('RAD-1'), JSON.stringify(event('RAD-1', 1)), { qos: 1 });
  await until('timestamp and ack', () => heard.includes(topics.fleetTimestamp) && heard.includes(topics.acks('RAD-1')));
  await until('the hub sees it', async () => (await hub.operator.showDevice('RAD-1')).status === 'pending');
  await session.endAsync();
});
