import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { MessageListener, MqttPort } from '@collimator/shared/link/mqtt-port';
import { silentLog } from '@collimator/shared/observe/log';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEventSender } from './event-sender.ts';
import { createOutbox } from './outbox.ts';

const migrations = new URL('../store/migrations/', import.meta.url);
const device = 'RAD-0001';

/** A broker that does what the test says; the real one is in test/integration/agent. */
function createLine() {
  const received: number[] = [];
  const listeners: MessageListener[] = [];
  let onConnected: () => void = () => undefined;
  let up = false;
  const mqtt: MqttPort = {
    get connected() {
      return up;
    },
    publish(_topic, payload) {
      if (!up) return Promise.reject(new CodedError('link-down', 'test'));
      received.push((JSON.parse(String(payload)) as DeviceEvent).seq);
      return Promise.resolve();
    },
    subscribe(_filter, listener) {
      listeners.push(listener);
      return Promise.resolve();
    },
    onConnected(listener) {
      onConnected = listener;
      return () => undefined;
    },
  };
  return {
    mqtt,
    received,
    connect() {
      up = true;
      onConnected();
    },
    cut() {
      up = false;
    },
    ack(payload: string) {
      for (const listener of listeners) listener(topics.acks(device), Buffer.from(payload));
    },
  };
}

const ackOf = (seq: number) => JSON.stringify({ schema: 'collimator.ack/1', through_seq: seq });
const entry = {
  release: { name: 'brain-mask-t1', version: '1.0.0', sha256: 'a'.repeat(64) },
  assignment: 1,
  phase: 'active',
} as const;

describe('the event sender', () => {
  let folder: string;
  let store: Store;
  let tick: () => void = () => undefined;
  const start = async (line: ReturnType<typeof createLine>, window?: number) => {
    const outbox = createOutbox({ store, deviceId: device, now: () => new Date(), log: silentLog });
    const sender = createEventSender({
      mqtt: line.mqtt,
      outbox,
      deviceId: device,
      log: silentLog,
      every: (_interval, run) => {
        tick = run;
        return () => undefined;
      },
      ...(window !== undefined && { window }),
    });
    await sender.start();
    return { outbox, sender };
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sender-'));
    store = await openStore({ file: join(folder, 'agent.sqlite'), migrations });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('keeps events while there is no hub and sends them in order when there is', async () => {
    const line = createLine();
    const { sender, outbox } = await start(line);
    for (let i = 0; i < 3; i += 1) await sender.report(entry);
    expect(line.received).toEqual([]);
    line.connect();
    await vi.waitFor(() => expect(line.received).toEqual([1, 2, 3]));
    expect(outbox.size()).toBe(3);
    line.ack(ackOf(3));
    await vi.waitFor(() => expect(outbox.size()).toBe(0));
  });

  it('sends again what was not acknowledged after each reconnect, and nothing else', async () => {
    const line = createLine();
    const { sender, outbox } = await start(line);
    line.connect();
    for (let i = 0; i < 3; i += 1) await sender.report(entry);
    await vi.waitFor(() => expect(line.received).toEqual([1, 2, 3]));
    line.ack(ackOf(1));
    await vi.waitFor(() => expect(outbox.size()).toBe(2));
    line.cut();
    line.connect();
    await vi.waitFor(() => expect(line.received).toEqual([1, 2, 3, 2, 3]));
  });

  it('has at most a window under way', async () => {
    const line = createLine();
    const { sender } = await start(line, 2);
    line.connect();
    for (let i = 0; i < 5; i += 1) await sender.report(entry);
    await vi.waitFor(() => expect(line.received).toEqual([1, 2]));
    line.ack(ackOf(1));
    await vi.waitFor(() => expect(line.received).toEqual([1, 2, 3]));
    line.ack(ackOf(3));
    await vi.waitFor(() => expect(line.received).toEqual([1, 2, 3, 4, 5]));
  });

  it('sends again when the hub stays silent for a whole interval', async () => {
    const line = createLine();
    const { sender } = await start(line);
    line.connect();
    await sender.report(entry);
    await vi.waitFor(() => expect(line.received).toEqual([1]));
    tick();
    expect(line.received).toEqual([1]);
    tick();
    await vi.waitFor(() => expect(line.received).toEqual([1, 1]));
  });

  it.each(['{', '{}', ackOf(-1), ackOf(7)])('ignores the acknowledgement %s', async (payload) => {
    const line = createLine();
    const { sender, outbox } = await start(line);
    line.connect();
    await sender.report(entry);
    await vi.waitFor(() => expect(line.received).toEqual([1]));
    line.ack(payload);
    line.ack(ackOf(0));
    await sender.report(entry);
    await vi.waitFor(() => expect(line.received).toEqual([1, 2]));
    expect(outbox.size()).toBe(2);
  });
});
