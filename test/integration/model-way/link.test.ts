import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { sweepIncoming } from '@collimator/edge-agent/study/receive/disk/data-folders';
import { topics } from '@collimator/shared/contracts/topics';
import { readdir, readFile, rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createModelWorld, hour, id, type ModelWorld } from './model-world.ts';

let world: ModelWorld;
beforeEach(async () => {
  world = await createModelWorld();
});
afterEach(() => world.close());

test('a release that expired metadata held up goes on when a fresh timestamp comes', async () => {
  const ref = await world.hub.register({ folder: 'run', version: '1.0.0' });
  await world.hub.sign(ref);
  const targets = () => readFile(join(world.dir, id, 'trust', 'targets.json')).catch(() => Buffer.alloc(0));
  await expect.poll(async () => (await targets()).includes('1.0.0')).toBe(true);
  world.clock.at = new Date(world.clock.at.getTime() + 25 * hour);
  await world.hub.rollOut(ref);
  await world.isRefused('metadata-expired');
  expect(world.active()).toBeUndefined();
  await world.hub.fleetTimestamp.refresh();
  await world.becomes('1.0.0');
});

test('a newer assignment ends the fetch of the one that it takes the place of', async () => {
  let dropped = 0;
  world.hub.state.meddle = (topic, payload) => {
    if (!topic.includes('/chunks/') || payload.length < 200_000) return payload;
    dropped += 1;
    return undefined;
  };
  await world.release('1.0.0', randomBytes(600_000));
  await expect.poll(() => dropped).toBeGreaterThan(0);
  await world.release('1.1.0');
  await world.becomes('1.1.0');
  expect(
    world.hub.events.filter((event) => event.release.version === '1.0.0').map((event) => event.phase),
  ).not.toContain('refused');
});

test('an assignment that is heard before the metadata waits for it, and the hub is told of no refusal', async () => {
  // An appliance that has just been enrolled, and hears its assignment first.
  await world.device.stop();
  for (const role of ['timestamp', 'snapshot', 'targets'])
    await rm(join(world.dir, id, 'trust', `${role}.json`), { force: true });
  await world.hub.connection.publish(topics.fleetTimestamp, '', { qos: 1, retain: true });
  world.hub.state.meddle = (topic, payload) => (topic === topics.fleetTimestamp ? undefined : payload);
  world.device = await world.startDevice();
  await world.release('1.0.0');
  await expect.poll(() => world.device.way.status()[0]?.reason).toMatch(/^metadata-pending/);
  world.hub.state.meddle = undefined;
  // A new connection brings the retained timestamp again, as the hub publishes it anew.
  await world.broker.stop();
  await world.broker.start();
  await world.becomes('1.0.0');
  expect(world.refusals()).toEqual([]);
});

test('a fetch that the link put off goes on as soon as the link is back', async () => {
  world.hub.state.meddle = (topic, payload) => (topic.includes('/chunks/') ? undefined : payload);
  await world.release('1.0.0');
  // The device gives up after its bounded tries, and would wait half a minute. Which of the two it says depends on
  // whether the assignment was heard before its metadata was given up.
  await expect.poll(() => world.device.mqtt.connected && world.hub.events.length).toBeGreaterThan(0);
  await expect.poll(() => world.device.way.status()[0]?.reason).toMatch(/^(chunk-timeout|metadata-pending)/);
  world.hub.state.meddle = undefined;
  await world.broker.stop();
  await world.broker.start();
  await world.becomes('1.0.0');
  expect(world.refusals()).toEqual([]);
});

test('a timestamp that the hub did not follow up with its metadata is followed up later, without another one', async () => {
  await world.device.stop();
  world.device = await world.startDevice({ over: { retryFirst_ms: 100 } });
  let silenced = 0;
  world.hub.state.meddle = (topic, payload) => {
    if (!topic.includes('/chunks/')) return payload;
    silenced += 1;
    return undefined;
  };
  const ref = await world.hub.register({ folder: 'run', version: '1.0.0' });
  await world.hub.sign(ref);
  // Four tries of the first question are all lost.
  await expect.poll(() => silenced).toBeGreaterThanOrEqual(4);
  world.hub.state.meddle = undefined;
  const targets = () => readFile(join(world.dir, id, 'trust', 'targets.json')).catch(() => Buffer.alloc(0));
  await expect.poll(async () => (await targets()).includes('1.0.0')).toBe(true);
});

describe('a restart in the middle of a fetch', () => {
  test('resumes with the chunks that are in', async () => {
    const model = randomBytes(262_144 * 40);
    let sent = 0;
    // The hub falls silent after 20 chunks of the model.
    world.hub.state.meddle = (topic, payload) => {
      if (!topic.includes('/chunks/') || payload.length < 200_000) return payload;
      sent += 1;
      return sent > 20 ? undefined : payload;
    };
    await world.release('1.0.0', model);
    await expect.poll(() => sent).toBeGreaterThan(20);
    await world.device.stop();
    // As the study's way does at each start, with what was half received: no release is meant.
    await sweepIncoming(join(world.dir, id));
    const partials = join(world.dir, id, 'releases-incoming');
    const bitmap = await readFile(join(partials, (await readdir(partials))[0]!, 'bitmap'));
    // CARD.md and the golden file come before the 40 chunks of the model in the list.
    const arrived = bitmap.subarray(2, 42).reduce((sum, bit) => sum + bit, 0);
    expect(arrived).toBeGreaterThan(0);
    // By digest: on a slow machine a chunk may be asked for a second time, but never one that is in.
    const again = new Set<string>();
    world.hub.state.meddle = (topic, payload) => {
      if (topic.includes('/chunks/') && payload.length > 200_000) again.add(payload.toString('hex', 1, 33));
      return payload;
    };
    world.device = await world.startDevice();
    await world.becomes('1.0.0');
    expect(again.size).toBe(40 - arrived);
    const { folder } = world.device.way.releases.active('brain-mask-t1')!;
    expect((await readFile(join(folder, 'model.onnx'))).equals(model)).toBe(true);
    expect(await readdir(partials)).toEqual([]);
  });
});
