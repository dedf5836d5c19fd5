import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createModelWorld, id, type ModelWorld } from './model-world.ts';

let world: ModelWorld;
beforeEach(async () => {
  world = await createModelWorld();
});
afterEach(() => world.close());

describe('a release on its way', () => {
  test('is registered, signed, rolled out, fetched, verified, staged and swapped in', async () => {
    const model = randomBytes(1_000_000);
    const ref = await world.release('1.0.0', model);
    await world.becomes('1.0.0');
    const running = world.device.way.releases.active(ref.name)!;
    expect(running.ref).toEqual(ref);
    expect((await readFile(join(running.folder, 'model.onnx'))).equals(model)).toBe(true);
    await expect.poll(() => world.hub.rollouts.list()[0]?.devices[0]?.phase).toBe('active');
    expect(world.hub.events.map((event) => event.phase)).toEqual([
      'announced',
      'fetching',
      'verified',
      'staged',
      'active',
    ]);
    expect(world.device.way.status()).toEqual([
      { name: ref.name, active: ref, assigned: ref, phase: 'active', stale: false },
    ]);
  });

  test('takes the place of the one before, which is kept for a roll-back under a higher serial', async () => {
    await world.release('1.0.0');
    await world.becomes('1.0.0');
    const second = await world.release('1.1.0');
    await world.becomes('1.1.0');
    const sent = world.hub.state.chunksSent;
    await world.hub.rollouts.undo(world.hub.rollouts.list()[0]!.id);
    await world.becomes('1.0.0');
    await expect.poll(() => world.hub.events.at(-1)?.phase).toBe('active');
    expect(world.hub.events.at(-1)?.assignment).toBe(3);
    expect(world.hub.state.chunksSent).toBe(sent);
    expect(await readdir(join(world.dir, id, 'releases', second.name))).toHaveLength(2);
  });

  test('is fetched once where chunks are the same', async () => {
    await world.release(
      '1.0.0',
      Buffer.concat(Array.from({ length: 8 }, () => Buffer.alloc(262_144, randomBytes(1)[0]))),
    );
    await world.becomes('1.0.0');
    const first = world.hub.state.chunksSent;
    await world.release('1.0.1', Buffer.alloc(262_144 * 8, 1));
    await world.becomes('1.0.1');
    expect(world.hub.state.chunksSent - first).toBeLessThan(first);
  });

  test('survives a restart of the appliance and of the broker', async () => {
    await world.release('1.0.0');
    await world.becomes('1.0.0');
    await world.device.stop();
    world.device = await world.startDevice();
    expect(world.active()).toBe('1.0.0');
    await world.broker.stop();
    await world.broker.start();
    await world.release('1.0.1');
    await world.becomes('1.0.1');
  });
});

describe('a release that was changed on the disk after it was installed', () => {
  /** One byte of the model, whose length stays the same. */
  async function spoil(version: string): Promise<void> {
    const { folder } = world.device.way.releases.active('brain-mask-t1')!;
    expect(world.device.way.releases.active('brain-mask-t1')!.ref.version).toBe(version);
    const model = await readFile(join(folder, 'model.onnx'));
    model[0]! ^= 1;
    await writeFile(join(folder, 'model.onnx'), model);
  }

  test('is not run after a restart: the one before is, until it is fetched again', async () => {
    await world.release('1.0.0');
    await world.becomes('1.0.0');
    await world.release('1.1.0');
    await world.becomes('1.1.0');
    await spoil('1.1.0');
    await world.device.stop();
    world.hub.state.meddle = (topic, payload) => (topic.includes('/chunks/') ? undefined : payload);
    world.device = await world.startDevice();
    expect(world.active()).toBe('1.0.0');
    world.hub.state.meddle = undefined;
    await world.device.stop();
    world.device = await world.startDevice();
    await world.becomes('1.1.0');
  });

  test('gives way to none that was rolled back: nothing runs until it is fetched again', async () => {
    await world.release('1.0.0');
    await world.becomes('1.0.0');
    await world.release('1.1.0');
    await world.becomes('1.1.0');
    await world.hub.rollouts.undo(world.hub.rollouts.list()[0]!.id);
    await world.becomes('1.0.0');
    await spoil('1.0.0');
    await world.device.stop();
    world.hub.state.meddle = (topic, payload) => (topic.includes('/chunks/') ? undefined : payload);
    world.device = await world.startDevice();
    expect(world.active()).toBeUndefined();
    world.hub.state.meddle = undefined;
    await world.device.stop();
    world.device = await world.startDevice();
    await world.becomes('1.0.0');
  });

  test('is fetched again where there is none before it', async () => {
    await world.release('1.0.0', randomBytes(1000));
    await world.becomes('1.0.0');
    await spoil('1.0.0');
    await world.device.stop();
    const sent = world.hub.state.chunksSent;
    world.device = await world.startDevice();
    await world.becomes('1.0.0');
    expect(world.hub.state.chunksSent).toBeGreaterThan(sent);
  });
});
