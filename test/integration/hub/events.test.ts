import { type EventAck, eventAck } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import Database from 'better-sqlite3';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Appliance, connected, enrolAppliance, event, openSession, state } from './appliance.ts';
import { type HubFolder, makeHubFolder } from './hub-folder.ts';
import { type RunningHub, runHub } from './running-hub.ts';
import { until } from './until.ts';

let install: HubFolder;
let hub: RunningHub;
const appliances: Appliance[] = [];

beforeAll(async () => {
  install = await makeHubFolder();
  hub = await runHub(install);
});
afterAll(async () => {
  await hub.stop();
  for (const each of [...appliances, install]) each.remove();
});

async function enter(id: string) {
  const appliance = await enrolAppliance(hub, install, id);
  appliances.push(appliance);
  const session = await connected(openSession(appliance));
  const acks: number[] = [];
  session.on('message', (_topic, payload) => {
    const ack: EventAck = eventAck.parse(JSON.parse(payload.toString()), 'ack');
    acks.push(ack.through_seq);
  });
  await session.subscribeAsync(topics.acks(id), { qos: 1 });
  return { session, acks };
}

const send = (session: MqttClient, id: string, seq: number, more: Parameters<typeof event>[2] = {}) =>
  session.publishAsync(topics.events(id), JSON.stringify(event(id, seq, more)), { qos: 1 });

/** What is on the disk, seen by a connection of its own. */
function stored(id: string): readonly { generation: number; seq: number }[] {
  const database = new Database(install.path('data/hub.db'), { readonly: true });
  const rows = database.prepare('SELECT generation, seq FROM device_events WHERE device = ? ORDER BY 1, 2').all(id);
  database.close();
  return rows as { generation: number; seq: number }[];
}

test('events are acknowledged in order, and each is on the disk when it is', async () => {
  const { session, acks } = await enter('EV-1');
  for (const seq of [1, 2, 3]) {
    await send(session, 'EV-1', seq);
    await until(`ack ${seq}`, () => acks.at(-1) === seq);
    expect(stored('EV-1').map((row) => row.seq)).toContain(seq);
  }
  await session.endAsync();
});

test('a repeat changes nothing and is acknowledged again; a gap never is', async () => {
  const { session, acks } = await enter('EV-2');
  await send(session, 'EV-2', 1);
  await send(session, 'EV-2', 1);
  await until('two acks', () => acks.length === 2);
  await send(session, 'EV-2', 3);
  await until('an ack', () => acks.length === 3);
  expect(acks).toEqual([1, 1, 1]);
  await send(session, 'EV-2', 2);
  await until('an ack', () => acks.length === 4);
  expect(acks.at(-1)).toBe(3);
  expect(stored('EV-2')).toEqual([1, 2, 3].map((seq) => ({ generation: 0, seq })));
  await session.endAsync();
});

test('a device that lost its disk counts from 1 again, and none of its events is taken for an old one', async () => {
  const { session, acks } = await enter('EV-3');
  for (const seq of [1, 2, 3]) await send(session, 'EV-3', seq);
  await until('acks', () => acks.at(-1) === 3);
  await send(session, 'EV-3', 1, { at: '2026-11-24T00:00:00Z', phase: 'refused', code: 'golden-mismatch' });
  await until('an ack', () => acks.length === 4);
  expect(acks.at(-1)).toBe(1);
  expect(stored('EV-3')).toEqual([...[1, 2, 3].map((seq) => ({ generation: 0, seq })), { generation: 1, seq: 1 }]);
  expect((await hub.operator.showDevice('EV-3')).last_event).toMatchObject({
    phase: 'refused',
    code: 'golden-mismatch',
  });
  await session.endAsync();
});

test('what a device says of another, or no message at all, is not taken and not acknowledged', async () => {
  const { session, acks } = await enter('EV-4');
  await session.publishAsync(topics.events('EV-4'), JSON.stringify(event('EV-1', 4)), { qos: 1 });
  await session.publishAsync(topics.events('EV-4'), '{', { qos: 1 });
  await session.publishAsync(topics.events('EV-4'), JSON.stringify({ ...event('EV-4', 1), extra: 1 }), { qos: 1 });
  await send(session, 'EV-4', 1);
  await until('the good one is acknowledged', () => acks.length === 1);
  expect(acks).toEqual([1]);
  expect(stored('EV-1').map((row) => row.seq)).toEqual([1, 2, 3]);
  expect(hub.log.filter((line) => line.includes('fleet-message-refused'))).toHaveLength(3);
  await session.endAsync();
});

test('the state of a device and its death are seen', async () => {
  const { session } = await enter('EV-5');
  expect((await hub.operator.showDevice('EV-5')).status).toBe('registered');
  await session.publishAsync(topics.state('EV-5'), JSON.stringify(state('EV-5')), { qos: 1, retain: true });
  await until('it is there', async () => (await hub.operator.showDevice('EV-5')).status === 'pending');
  await session.publishAsync(topics.state('EV-5'), JSON.stringify(state('EV-5', false)), { qos: 1, retain: true });
  await until('it is gone', async () => (await hub.operator.showDevice('EV-5')).status === 'silent');
  await session.endAsync();
});
