import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestAuthority, type TestAuthority } from './certificates.ts';
import { createFakeHub, type FakeHub } from './fake-hub.ts';
import { installTestIdentity } from './identity.ts';
import { createMosquitto, type Mosquitto } from './mosquitto.ts';
import { until } from './until.ts';

const program = fileURLToPath(new URL('../../dist/integration/agent/outbox-child.js', import.meta.url));
const serial = 'RAD-0001';

describe('the outbox of an appliance and a real broker', () => {
  let folder: string;
  let authority: TestAuthority;
  let broker: Mosquitto;
  let hub: FakeHub | undefined;
  let child: ChildProcess | undefined;
  let stored: number[];

  const startChild = () => {
    const started = spawn(process.execPath, [program, join(folder, 'data'), serial], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child = started;
    createInterface({ input: started.stdout }).on('line', (line) => stored.push(Number(line.split(' ')[1])));
  };
  const killChild = async () => {
    const running = child;
    child = undefined;
    if (running === undefined || running.signalCode !== null || running.exitCode !== null) return;
    const ended = new Promise((resolve) => running.once('close', resolve));
    running.kill('SIGKILL');
    await ended;
  };
  const last = () => stored.at(-1) ?? 0;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
    mkdirSync(join(folder, 'data'));
    authority = createTestAuthority(folder);
    broker = await createMosquitto(folder, authority);
    installTestIdentity(join(folder, 'data'), authority, serial, broker.url);
    stored = [];
  });
  afterEach(async () => {
    await killChild();
    await hub?.close();
    hub = undefined;
    await broker.kill();
    rmSync(folder, { recursive: true });
  });

  it('loses nothing and leaves no gap over SIGKILL of the appliance and of the broker', async () => {
    await broker.start();
    hub = createFakeHub(broker.url, authority);
    for (let round = 0; round < 3; round += 1) {
      const before = last();
      startChild();
      await until('events are stored', () => last() > before + 40);
      if (round === 1) {
        await broker.kill();
        const atOutage = last();
        await until('events are stored without a broker', () => last() > atOutage + 20);
        await broker.start();
        await until('the hub catches up', () => (hub?.through() ?? 0) > atOutage);
      }
      await killChild();
    }
    startChild();
    const target = last();
    await until('the hub has every event that was stored', () => (hub?.through() ?? 0) >= target);
    expect(hub.invalid).toEqual([]);
    expect(new Set(hub.sequence).size).toBeGreaterThanOrEqual(target);
  });

  it('keeps what only the broker has seen', async () => {
    await broker.start();
    // Nobody acknowledges: QoS 1 alone would have let these go.
    const deaf = createFakeHub(broker.url, authority, { acknowledge: false });
    startChild();
    await until('a window of events reached the hub', () => deaf.through() >= 20);
    const heard = deaf.through();
    await killChild();
    await deaf.close();
    hub = createFakeHub(broker.url, authority);
    startChild();
    await until('the same events come again', () => (hub?.through() ?? 0) >= heard);
    expect(hub.sequence[0]).toBe(1);
  });
});
