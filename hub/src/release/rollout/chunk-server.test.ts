import { decodeChunkFrame } from '@collimator/shared/contracts/chunk-frame';
import { topics } from '@collimator/shared/contracts/topics';
import type { MessageListener, MqttPort } from '@collimator/shared/link/mqtt-port';
import { silentLog } from '@collimator/shared/observe/log';
import { expect, test, vi } from 'vitest';
import { chunkServerLimits, createChunkServer } from './chunk-server.ts';

const sha256 = 'a'.repeat(64);

/** A connection in memory that holds every answer back until it is let go. */
async function setUp(limits = chunkServerLimits) {
  const sent: { topic: string; payload: Buffer }[] = [];
  const held: (() => void)[] = [];
  let listener: MessageListener = () => undefined;
  const mqtt: MqttPort = {
    connected: true,
    publish: (topic, payload) =>
      new Promise((resolve) => {
        sent.push({ topic, payload: Buffer.from(payload) });
        held.push(resolve);
      }),
    subscribe(_filter, on) {
      listener = on;
      return Promise.resolve();
    },
    onConnected: () => () => undefined,
  };
  const server = createChunkServer({
    mqtt,
    readRange: (asked, offset, length) =>
      Promise.resolve(
        asked === sha256 ? { payload: Buffer.alloc(length, offset), total: 999, encoding: 'identity' } : undefined,
      ),
    trust: { rootBytes: (version) => (version === 2 ? Buffer.from('root') : undefined) },
    now: () => new Date(0),
    log: silentLog,
    limits,
  });
  await server.start();
  const ask = (device: string, want: object[]) =>
    listener(topics.chunkRequest(device), Buffer.from(JSON.stringify({ schema: 'collimator.chunks/1', want })));
  /** Lets answers go until nothing more comes. */
  const drain = async (expected: number) => {
    const letGo = () => {
      for (const go of held.splice(0)) go();
      return sent.length >= expected;
    };
    await vi.waitUntil(letGo);
  };
  return { ask, sent, drain, tell: (payload: Buffer) => listener(topics.chunkRequest('a'), payload) };
}
const ranges = (count: number) => Array.from({ length: count }, (_, offset) => ({ sha256, offset, length: 4 }));

test('answers ranges, roots and what is not there', async () => {
  const { ask, sent, drain } = await setUp();
  ask('a', [
    { sha256, offset: 7, length: 3 },
    { sha256: 'b'.repeat(64), offset: 0, length: 1 },
    { root: 2 },
    { root: 3 },
  ]);
  await drain(4);
  expect(sent.map(({ topic }) => topic)).toEqual(Array.from({ length: 4 }, () => topics.chunkData('a')));
  expect(sent.map(({ payload }) => decodeChunkFrame(payload))).toEqual([
    { kind: 'bytes', sha256, offset: 7, payload: Buffer.alloc(3, 7) },
    { kind: 'missing', sha256: 'b'.repeat(64), offset: 0 },
    { kind: 'root', version: 2, payload: Buffer.from('root') },
    { kind: 'no-root', version: 3 },
  ]);
});

test('one device has one answer under way, however much it asks', async () => {
  const { ask, sent, drain } = await setUp();
  ask('a', ranges(50));
  await vi.waitUntil(() => sent.length > 0);
  ask('b', ranges(1));
  await vi.waitUntil(() => sent.some(({ topic }) => topic === topics.chunkData('b')));
  expect(sent.filter(({ topic }) => topic === topics.chunkData('a'))).toHaveLength(1);
  await drain(51);
});

test('what a device asks beyond its bounds is dropped', async () => {
  const { ask, sent, drain } = await setUp({ ...chunkServerLimits, waitingMax: 10, wantsBurst: 20 });
  for (let i = 0; i < 20; i++) ask('a', ranges(10));
  // The first one is under way, so ten more wait, and a bucket of twenty is the end of it.
  await drain(10);
  expect(sent.length).toBeLessThanOrEqual(20);
});

test('no more devices are served at once than the limit, and all in the end', async () => {
  const { ask, sent, drain } = await setUp({ ...chunkServerLimits, servedAtOnceMax: 2 });
  for (const device of ['a', 'b', 'c', 'd', 'e']) ask(device, ranges(3));
  await vi.waitUntil(() => sent.length === 2);
  await drain(15);
  expect(new Set(sent.map(({ topic }) => topic)).size).toBe(5);
});

test('what is no request is ignored', async () => {
  const { ask, tell, sent, drain } = await setUp();
  tell(Buffer.from('not json'));
  ask('a', [{ sha256, offset: -1, length: 1 }]);
  ask('a', [{ sha256, offset: 0, length: 300_000 }]);
  ask('a', ranges(1));
  await drain(1);
  expect(sent).toHaveLength(1);
});
