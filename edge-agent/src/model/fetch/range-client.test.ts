import { encodeChunkFrame } from '@collimator/shared/contracts/chunk-frame';
import type { ChunkRequest } from '@collimator/shared/contracts/messages';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { MessageListener, MqttPort } from '@collimator/shared/link/mqtt-port';
import { silentLog } from '@collimator/shared/observe/log';
import { expect, test } from 'vitest';
import type { Clock } from '../clock.ts';
import { createRangeClient, type FetchLimits } from './range-client.ts';

const limits: FetchLimits = { window: 3, timeout_ms: 1000, triesMax: 3, backoffFirst_ms: 10 };
const sha256 = 'a'.repeat(64);
const never = new AbortController().signal;

/** A hub in memory. `answer` says what becomes of the nth request: an answer, silence or a lost link. */
async function setUp(answer: (nth: number) => 'bytes' | 'missing' | 'silence' | 'no link') {
  let listener: MessageListener = () => undefined;
  let asked = 0;
  let open = 0;
  let openMost = 0;
  const slept: number[] = [];
  const mqtt: MqttPort = {
    connected: true,
    publish(topic, payload) {
      asked += 1;
      const what = answer(asked);
      if (what === 'no link') return Promise.reject(new CodedError('link-down', 'test'));
      const [want] = (JSON.parse(String(payload)) as ChunkRequest).want;
      if (want === undefined || 'root' in want) throw new Error('asks for a range');
      open += 1;
      openMost = Math.max(openMost, open);
      setImmediate(() => {
        open -= 1;
        if (what === 'silence') return;
        const { offset } = want;
        const frame = encodeChunkFrame(
          what === 'missing'
            ? { kind: 'missing', sha256, offset }
            : { kind: 'bytes', sha256, offset, payload: Buffer.of(offset) },
        );
        listener(topic.replace('request', 'data'), frame);
      });
      return Promise.resolve();
    },
    subscribe(_filter, on) {
      listener = on;
      return Promise.resolve();
    },
    onConnected: () => () => undefined,
  };
  /** Time passes as soon as nothing else is left to do. */
  const clock: Clock = {
    after(_delay, run) {
      const turns = setTimeout(run, 20);
      return () => clearTimeout(turns);
    },
    sleep(delay_ms) {
      slept.push(delay_ms);
      return Promise.resolve();
    },
  };
  const client = createRangeClient({ mqtt, deviceId: 'ward-7', clock, log: silentLog, limits });
  await client.start();
  return { client, slept, asked: () => asked, openMost: () => openMost };
}

test('no more ranges are under way than the window, and each gets its own answer', async () => {
  const { client, openMost } = await setUp(() => 'bytes');
  const offsets = Array.from({ length: 40 }, (_, i) => i);
  const answers = await Promise.all(offsets.map((offset) => client.range(sha256, offset, 1, never)));
  expect(answers).toEqual(offsets.map((offset) => ({ ok: true, value: Buffer.of(offset) })));
  expect(openMost()).toBe(3);
});

test('two who ask for the same range both get it', async () => {
  const { client } = await setUp(() => 'bytes');
  const both = await Promise.all([client.range(sha256, 5, 1, never), client.range(sha256, 5, 1, never)]);
  expect(both.every((answer) => answer.ok)).toBe(true);
});

test.each(['silence', 'no link'] as const)('%s is met by another try, after a wait that doubles', async (trouble) => {
  const { client, slept } = await setUp((nth) => (nth < 3 ? trouble : 'bytes'));
  expect((await client.range(sha256, 1, 1, never)).ok).toBe(true);
  expect(slept).toEqual([10, 20]);
});

test.each(['silence', 'no link'] as const)('%s for ever ends after a bounded number of tries', async (trouble) => {
  const { client, asked } = await setUp(() => trouble);
  expect(await client.range(sha256, 1, 1, never)).toMatchObject({ error: { code: 'chunk-timeout' } });
  expect(asked()).toBe(3);
});

test('what the hub does not have is not asked for again', async () => {
  const { client, asked } = await setUp(() => 'missing');
  expect(await client.range(sha256, 1, 1, never)).toMatchObject({ error: { code: 'chunk-missing' } });
  expect(asked()).toBe(1);
});

test('an end that is asked for is not waited for', async () => {
  const { client } = await setUp(() => 'silence');
  const abort = new AbortController();
  const answer = client.range(sha256, 1, 1, abort.signal);
  abort.abort();
  expect(await answer).toMatchObject({ error: { code: 'model-superseded' } });
});
