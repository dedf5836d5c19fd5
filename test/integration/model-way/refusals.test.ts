import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { decodeChunkFrame } from '@collimator/shared/contracts/chunk-frame';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import { topics } from '@collimator/shared/contracts/topics';
import { signAssignment } from '@collimator/shared/release/assignment';
import { generateSigningKey } from '@collimator/shared/release/keys';
import { metadataTime } from '@collimator/shared/release/metadata';
import { ok } from '@collimator/shared/result';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createModelWorld, hour, id, type ModelWorld } from './model-world.ts';

let world: ModelWorld;
beforeEach(async () => {
  world = await createModelWorld();
});
afterEach(() => world.close());

describe('is refused, and what ran before goes on running, and the hub is told why', () => {
  beforeEach(async () => {
    await world.release('1.0.0');
    await vi.waitUntil(() => world.hub.events.at(-1)?.phase === 'active');
  });

  /** The hub is told the code; the old release runs on, now and after a restart. */
  async function isRefusedForGood(code: string): Promise<void> {
    await world.isRefused(code);
    expect(world.active()).toBe('1.0.0');
    await world.device.stop();
    world.device = await world.startDevice();
    expect(world.active()).toBe('1.0.0');
  }

  const assign = (ref: ReleaseRef, over: object = {}, key = world.hub.directorKey) => {
    const issued = metadataTime(world.now());
    const expires = metadataTime(new Date(world.now().getTime() + 24 * hour));
    const assignment = { _type: 'assignment', spec_version: '1', device: id, serial: 9, release: ref, issued, expires };
    const bytes = signAssignment({ ...assignment, ...over } as Parameters<typeof signAssignment>[0], key);
    return world.hub.connection.publish(topics.assignment(id, ref.name), bytes, { qos: 1, retain: true });
  };
  const signedRelease = async () => {
    const ref = await world.hub.register({ folder: 'next', version: '2.0.0', model: randomBytes(600_000) });
    await world.hub.sign(ref);
    return ref;
  };

  test('a tampered chunk', async () => {
    world.hub.state.meddle = (topic, payload) => {
      const frame = topic.includes('/chunks/') ? decodeChunkFrame(payload) : undefined;
      if (frame?.kind === 'bytes' && frame.payload.length > 200_000) payload[payload.length - 5]! ^= 1;
      return payload;
    };
    await world.hub.rollOut(await signedRelease());
    await isRefusedForGood('chunk-mismatch');
    await expect
      .poll(() => world.hub.rollouts.list()[0]?.devices[0])
      .toMatchObject({ phase: 'refused', code: 'chunk-mismatch' });
  });

  test('an assignment that the director did not sign', async () => {
    await assign(await signedRelease(), {}, generateSigningKey());
    await isRefusedForGood('assignment-signature-invalid');
  });

  test('a timestamp with a wrong signature', async () => {
    const bytes = Buffer.from(
      world.hub.trust
        .timestampBytes()
        .toString()
        .replace(/"sig":"../, '"sig":"00'),
    );
    await world.hub.connection.publish(topics.fleetTimestamp, bytes, { qos: 1, retain: true });
    await isRefusedForGood('metadata-signature-invalid');
  });

  test('older metadata that is replayed, even after a restart', async () => {
    const older = world.hub.trust.timestampBytes();
    await world.hub.trust.refreshTimestamp();
    const trusted = () => readFile(join(world.dir, id, 'trust', 'timestamp.json'));
    await expect.poll(async () => (await trusted()).equals(world.hub.trust.timestampBytes())).toBe(true);
    await world.hub.connection.publish(topics.fleetTimestamp, older, { qos: 1, retain: true });
    await isRefusedForGood('metadata-older');
    // The retained old timestamp meets the appliance again after its restart: what it trusts is on its disk.
    await expect.poll(() => world.refusals().length).toBe(2);
    expect(world.refusals()).toEqual(['metadata-older', 'metadata-older']);
  });

  test('an older assignment that is replayed', async () => {
    const ref = await signedRelease();
    const first = world.hub.registry.get('brain-mask-t1', '1.0.0')!.ref;
    await assign(first, { serial: 5 });
    await expect.poll(() => world.hub.events.at(-1)?.assignment).toBe(5);
    await assign(ref, { serial: 4 });
    await isRefusedForGood('assignment-older');
  });

  test('a release that does not give its golden outputs', async () => {
    await world.device.stop();
    const selfTest = () => Promise.resolve(ok({ max_abs_diff: 0.01 }));
    world.device = await world.startDevice({ over: { selfTest } });
    await world.hub.rollOut(await signedRelease());
    await isRefusedForGood('golden-mismatch');
  });

  test('a release under expired metadata', async () => {
    const ref = await signedRelease();
    await expect
      .poll(async () => (await readFile(join(world.dir, id, 'trust', 'targets.json'))).includes('2.0.0'))
      .toBe(true);
    world.clock.at = new Date(world.clock.at.getTime() + 25 * hour);
    expect(world.device.way.status()[0]).toMatchObject({ stale: true, phase: 'active' });
    await world.hub.rollOut(ref);
    await isRefusedForGood('metadata-expired');
  });

  test('an assignment for another device', async () => {
    await assign(await signedRelease(), { device: 'ward-8' });
    await isRefusedForGood('assignment-wrong-device');
  });

  test('an assignment that names a digest which the targets do not name', async () => {
    await assign({ ...(await signedRelease()), sha256: 'c'.repeat(64) });
    await isRefusedForGood('target-mismatch');
  });

  test('an assignment of a release that nobody signed', async () => {
    await assign(await world.hub.register({ folder: 'next', version: '2.0.0' }));
    await isRefusedForGood('target-unknown');
  });

  test('a release that needs another device', async () => {
    const device = { providers: ['cuda' as const], memory_bytes_min: 1, opset: 17 };
    const ref = await world.hub.register({ folder: 'next', version: '2.0.0', over: { device } });
    await world.hub.sign(ref);
    await world.hub.rollOut(ref);
    await isRefusedForGood('release-incompatible');
  });

  test('but is installed once what was wrong is right again, and not tried in a tight loop before', async () => {
    const ref = await world.hub.register({ folder: 'next', version: '2.0.0' });
    await assign(ref);
    await world.isRefused('target-unknown');
    await world.hub.sign(ref);
    await world.becomes('2.0.0');
    expect(world.refusals()).toEqual(['target-unknown']);
  });
});
