import { describe, expect, it, vi } from 'vitest';
import { createChangeTurns } from './change-turns.ts';
import type { DeviceSpec } from './protocol.ts';
import { done, none, release, rig, task, warm } from './testing/device-rig.ts';

/** Two devices that serve `one` and are told to change to `two`, one after the other. */
async function twoThatChange() {
  const turns = createChangeTurns(1);
  const worlds = [rig({}, turns), rig({}, turns)] as const;
  for (const world of worlds) {
    world.device.want([release('one')]);
    await warm(world, 0, 'one');
  }
  for (const world of worlds) world.device.want([release('two')]);
  return worlds;
}

describe('a device', () => {
  it('offers what is loaded once it is warm, also while it is busy', async () => {
    const world = rig();
    world.device.want([release('one')]);
    expect(world.offered()).toEqual([]);
    expect(world.device.state()).toBe('starting');
    await warm(world, 0, 'one');
    const run = world.run();
    expect(world.offered()).toEqual(['one']);
    world.children[0]?.answer(done());
    await run;
    expect(world.device.state()).toBe('ready');
  });

  it('lets the old process finish what was begun under its release while the new one takes over', async () => {
    const world = rig();
    const { device, children, offered } = world;
    device.want([release('one')]);
    await warm(world, 0, 'one');
    const old = device.slots()[0]?.id ?? '';
    device.need(new Set(['one']), none);
    const run = device.run(old, task, 1);
    device.want([release('two')]);
    expect(offered()).toEqual(['one']);
    await warm(world, 1, 'one', 'two');
    children[0]?.answer(done());
    expect(await run).toEqual(done());
    // The job goes on, and may have another chunk.
    expect(children[0]?.kill).not.toHaveBeenCalled();
    device.need(new Set(['two']), none);
    expect(children[0]?.kill).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(offered()).toEqual(['two']));
    expect(children).toHaveLength(2);
    expect(world.events).toContainEqual({ type: 'worker-ended', device: 'cpu-0', why: 'swapped' });
  });

  it('never has a process that is let go run a release that the new one has', async () => {
    const world = rig();
    world.device.want([release('kept'), release('old')]);
    await warm(world, 0, 'kept old');
    world.device.need(new Set(['kept', 'old']), none);
    world.device.want([release('kept'), release('new')]);
    await warm(world, 1, 'old', 'kept new');
  });

  it('drains the old process before it starts the new one where the memory does not hold both', async () => {
    const world = rig({ memoryBytesMax: 100 });
    const { device, children, offered } = world;
    device.want([release('one', 60)]);
    await warm(world, 0, 'one');
    device.need(new Set(['one']), none);
    device.want([release('two', 60)]);
    expect(children).toHaveLength(1);
    expect(offered()).toEqual(['one']);
    device.need(new Set(), none);
    expect(children[0]?.kill).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(children).toHaveLength(2));
    await warm(world, 1, 'two');
  });

  it('starts the new process beside the old one where the memory holds both', () => {
    const world = rig({ memoryBytesMax: 120 });
    world.device.want([release('one', 60)]);
    world.children[0]?.becomeReady();
    world.device.want([release('two', 60)]);
    expect(world.children).toHaveLength(2);
  });

  it('waits for its turn while it serves, and stays for what still gets requests until the last has changed', async () => {
    const [first, last] = await twoThatChange();
    expect([first.children, last.children].map(({ length }) => length)).toEqual([2, 1]);
    expect([first, last].map(({ device }) => device.changesFrom('one'))).toEqual([true, true]);
    for (const { device } of [first, last]) device.need(none, new Set(['one']));
    await warm(first, 1, 'one', 'two');
    expect([first, last].map(({ device }) => device.changesFrom('one'))).toEqual([false, true]);
    expect(last.children).toHaveLength(2);
    await warm(last, 1, 'one', 'two');
    expect(last.device.changesFrom('one')).toBe(false);
    for (const { device } of [first, last]) device.need(none, none);
    await vi.waitFor(() => expect([first, last].map(({ offered }) => offered())).toEqual([['two'], ['two']]));
  });

  it('gives its turn on when its new process dies, and the old one serves on', async () => {
    const [first, last] = await twoThatChange();
    first.children[1]?.end('SIGSEGV');
    await vi.waitFor(() => expect(last.children).toHaveLength(2));
    expect(first.offered()).toEqual(['one']);
    // Requests are not kept at the old release for a new one that does not come.
    expect(first.device.changesFrom('one')).toBe(false);
    first.timers[0]?.run();
    expect(first.children).toHaveLength(2);
    await warm(last, 1, 'two');
    expect(first.children).toHaveLength(3);
  });

  it('drains at once where the memory does not hold both and another device goes on; the last one ends what was begun', async () => {
    const turns = createChangeTurns(1);
    const [first, last] = [rig({ memoryBytesMax: 100 }, turns), rig({ memoryBytesMax: 100 }, turns)];
    for (const world of [first, last]) {
      world.device.want([release('one', 60)]);
      await warm(world, 0, 'one');
      world.device.need(new Set(['one']), none);
    }
    for (const world of [first, last]) world.device.want([release('two', 60)]);
    expect([first, last].map(({ offered }) => offered())).toEqual([[], ['one']]);
    await vi.waitFor(() => expect(first.children).toHaveLength(2));
    await warm(first, 1, 'two');
    expect(last.children).toHaveLength(1);
    expect(last.offered()).toEqual(['one']);
    last.device.need(none, none);
    await vi.waitFor(() => expect(last.children).toHaveLength(2));
    await warm(last, 1, 'two');
  });

  it('starts a process that ended again, with growing pauses, and is failed after three ends', async () => {
    const { device, children, timers } = rig();
    device.want([release('one')]);
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      children[i]?.end('SIGSEGV');
      await vi.waitFor(() => expect(timers).toHaveLength(1));
      expect(device.state()).toBe('failed');
      expect(device.reason()).toBe('SIGSEGV');
      const [timer] = timers.splice(0);
      pauses.push(timer?.delay_ms ?? 0);
      timer?.run();
      expect(children).toHaveLength(i + 2);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  it('that answers badly several times in a row is drained, failed, and tried anew; a good answer forgives', async () => {
    const world = rig();
    const { device, children, timers, offered } = world;
    device.want([release('one')]);
    await warm(world, 0, 'one');
    const run = world.run();
    device.blame('inference-failed');
    device.praise();
    device.blame('inference-failed');
    device.blame('inference-failed');
    expect(device.state()).toBe('ready');
    device.blame('inference-failed');
    expect(device.state()).toBe('draining');
    expect(offered()).toEqual([]);
    expect(children[0]?.kill).not.toHaveBeenCalled();
    children[0]?.answer(done());
    await run;
    await vi.waitFor(() => expect(children[0]?.kill).toHaveBeenCalledTimes(1));
    await vi.waitFor(() => expect(device.state()).toBe('failed'));
    expect(timers).toHaveLength(1);
    timers[0]?.run();
    await warm(world, 1, 'one');
    expect(device.state()).toBe('ready');
  });

  it('renews a process that has grown beyond its bound, when it is idle', async () => {
    const world = rig();
    world.device.want([release('one')]);
    await warm(world, 0, 'one');
    for (const bytes of [900, 999, 1_200]) {
      const run = world.run();
      world.children[0]?.answer(done(bytes));
      await run;
    }
    expect(world.children[0]?.kill).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(world.children).toHaveLength(2));
    await warm(world, 1, 'one');
    expect(world.device.reason()).toBeUndefined();
  });

  it('does not renew one that takes more than its bound from the start on', async () => {
    const world = rig();
    world.device.want([release('one')]);
    await warm(world, 0, 'one');
    for (const bytes of [5_000, 5_500, 6_000]) {
      const run = world.run();
      world.children[0]?.answer(done(bytes));
      await run;
    }
    expect(world.children).toHaveLength(1);
  });

  it('says what it cannot load, serves the rest, and tries again later', async () => {
    const world = rig();
    const { device, children, timers, offered } = world;
    device.want([release('bad'), release('good')]);
    children[0]?.becomeReady(['bad']);
    await vi.waitFor(() => expect(offered()).toEqual(['good']));
    expect(device.cannotLoad('bad')).toMatchObject({ code: 'inference-release-altered', tries: 1 });
    timers[0]?.run();
    children[1]?.becomeReady(['bad']);
    await vi.waitFor(() => expect(device.cannotLoad('bad')?.tries).toBe(2));
    timers[0]?.run();
    children[2]?.becomeReady();
    await vi.waitFor(() => expect(offered()).toEqual(['bad good']));
    expect(device.cannotLoad('bad')).toBeUndefined();
  });

  it('has as many places as share it, each with a process of its own', async () => {
    const world = rig({ workers: 2 });
    world.device.want([release('one')]);
    expect(world.children).toHaveLength(2);
    await warm(world, 1, 'one');
    await warm(world, 0, 'one', 'one');
    expect(new Set(world.device.slots().map(({ id }) => id)).size).toBe(2);
  });

  it('that is a server has the releases that are named for it, and no process without one', () => {
    const remote = { models: { a: { model: 'm' } } } as unknown as NonNullable<DeviceSpec['remote']>;
    const { device, children } = rig({ kind: 'remote', remote });
    const other = { ...release('other'), ref: { name: 'b', version: '1.0.0', sha256: 'other' } };
    device.want([other]);
    expect(children).toHaveLength(0);
    device.want([release('one'), other]);
    expect(children[0]?.releases.map(({ sha256 }) => sha256)).toEqual(['one']);
    expect([device.wants('one'), device.wants('other')]).toEqual([true, false]);
  });

  it('gives nothing more to a process that is of no use any more, and starts a new one', async () => {
    const world = rig();
    world.device.want([release('one')]);
    await warm(world, 0, 'one');
    world.device.renew(world.device.slots()[0]?.id ?? '');
    expect(world.offered()).toEqual([]);
    expect(world.children[0]?.kill).toHaveBeenCalledTimes(1);
    await vi.waitFor(() => expect(world.children).toHaveLength(2));
    await warm(world, 1, 'one');
  });

  it('starts nothing after it was stopped', async () => {
    const { device, children, timers } = rig();
    device.want([release('one')]);
    await device.stop();
    device.want([release('two')]);
    expect(children).toHaveLength(1);
    expect(timers).toEqual([]);
  });
});
