import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type HubSide, startHubSide } from './hub-side.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';

const program = fileURLToPath(new URL('../../dist/integration/model-way/agent-process.js', import.meta.url));
const points = ['model-announced', 'model-fetching', 'model-verified', 'model-staged', 'model-swapped'];

let dir: string;
let broker: Mosquitto;
let hub: HubSide;
const children: ChildProcess[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'collimator-model-kill-'));
  broker = await startMosquitto(dir);
  hub = await startHubSide(dir, broker.url, () => new Date(), points);
  await vi.waitUntil(() => hub.connection.connected);
  for (const version of ['1.0.0', '1.1.0']) {
    const ref = await hub.register({ folder: version, version, model: randomBytes(600_000) });
    await hub.sign(ref);
  }
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await hub.stop();
  await broker.stop();
  await rm(dir, { recursive: true, force: true });
});

/** Starts the appliance's side; `lines` grows as it tells what is active. */
function start(id: string, env: NodeJS.ProcessEnv = {}) {
  const root = join(dir, 'keys', 'repository', '1.root.json');
  const child = spawn(process.execPath, [program, join(dir, `device-${id}`), broker.url, id, root], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines: string[] = [];
  child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')));
  return { child, lines };
}

test.each(points)('SIGKILL at %s loses nothing: the release is active after a restart', async (point) => {
  const releaseOf = (version: string) => hub.registry.get('brain-mask-t1', version)!.ref;
  await hub.rollOut(releaseOf('1.0.0'), [point]);
  const marker = join(dir, `${point}.marker`);
  const first = start(point);
  await expect.poll(() => first.lines.at(-1)).toBe('active 1.0.0');
  first.child.kill('SIGTERM');
  await once(first.child, 'exit');

  await hub.rollOut(releaseOf('1.1.0'), [point]);
  const killed = start(point, { COLLIMATOR_KILL_AT: point, COLLIMATOR_KILL_MARKER: marker });
  const [, signal] = (await once(killed.child, 'exit')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  // Until the swap is on the disk, the old model is what runs.
  expect(killed.lines.filter((line) => line === 'active 1.0.0')).not.toEqual([]);

  const again = start(point, { COLLIMATOR_KILL_AT: point, COLLIMATOR_KILL_MARKER: marker });
  await expect.poll(() => again.lines.at(-1)).toBe('active 1.1.0');
  const told = () =>
    hub.rollouts.list().find(({ release, devices }) => release.version === '1.1.0' && devices[0]?.id === point);
  await expect.poll(() => told()?.devices[0]?.phase).toBe('active');
  expect(await readdir(join(dir, `device-${point}`, 'releases-incoming'))).toEqual([]);
  expect(again.child.exitCode).toBeNull();
  again.child.kill('SIGTERM');
  await once(again.child, 'exit');
});
