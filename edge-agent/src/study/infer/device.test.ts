import { describe, expect, it, vi } from 'vitest';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import { createDevice } from './device.ts';
import type { InferenceChild, Ready, RunAnswer } from './inference-child.ts';
import type { LoadRelease, WorkerJob } from './protocol.ts';

/** A process that does nothing until the test says so. */
function childOf(releases: readonly LoadRelease[]) {
  let becomeReady: () => void = () => undefined;
  let end: (why: string) => void = () => undefined;
  let answer: (one: RunAnswer) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    const loaded = releases.map(({ sha256 }) => sha256);
    becomeReady = () => resolve({ type: 'ready', provider: 'cpu', warm_ms: 1, loaded, unloadable: [] });
    void ended.then((why) => reject(new Error(why)));
  });
  ready.catch(() => undefined);
  const kill = vi.fn(() => end('SIGKILL'));
  const child: InferenceChild = {
    ready,
    ended,
    run: () =>
      new Promise((resolve) => {
        answer = resolve;
        void ended.then((why) => resolve({ how: 'crashed', code: 'inference-worker-died', detail: why }));
      }),
    kill,
  };
  return {
    child,
    kill,
    releases,
    becomeReady: () => becomeReady(),
    end: (why: string) => end(why),
    answer: (one: RunAnswer) => answer(one),
  };
}

function rig() {
  const children: ReturnType<typeof childOf>[] = [];
  const timers: { delay_ms: number; run: () => void }[] = [];
  const onChange = vi.fn();
  const device = createDevice({
    spec: { name: 'cpu-0', threads: 1, decodeThreads: 1 },
    start: (_, releases) => {
      const one = childOf(releases);
      children.push(one);
      return one.child;
    },
    now: () => 0,
    after: (delay_ms, run) => {
      const timer = { delay_ms, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    log: { event: () => undefined },
    onChange,
  });
  return { device, children, timers, onChange };
}

const release = (sha256: string): ActiveRelease =>
  ({ ref: { name: 'a', version: '1.0.0', sha256 }, folder: `/${sha256}` }) as unknown as ActiveRelease;
const job = { jobId: 1 } as WorkerJob;
const done = { how: 'transient', code: 'x', detail: '' } as const;

describe('a device', () => {
  it('offers what is loaded once it is warm, and nothing while it is busy', async () => {
    const { device, children, onChange } = rig();
    device.want([release('one')]);
    expect(device.available()).toEqual([]);
    children[0]?.becomeReady();
    await vi.waitFor(() => expect(onChange).toHaveBeenCalledTimes(1));
    expect(device.available()).toEqual(['one']);
    const run = device.run(job, 1);
    expect(device.available()).toEqual([]);
    children[0]?.answer(done);
    await run;
    expect(device.available()).toEqual(['one']);
  });

  it('lets the old process finish its job while the new one takes over', async () => {
    const { device, children } = rig();
    device.want([release('one')]);
    children[0]?.becomeReady();
    await vi.waitFor(() => expect(device.available()).toEqual(['one']));
    const run = device.run(job, 1);
    device.want([release('two')]);
    children[1]?.becomeReady();
    await vi.waitFor(() => expect(device.available()).toEqual(['two']));
    expect(children[0]?.kill).not.toHaveBeenCalled();
    children[0]?.answer(done);
    expect(await run).toEqual(done);
    expect(children[0]?.kill).toHaveBeenCalledTimes(1);
    expect(device.available()).toEqual(['two']);
    expect(children).toHaveLength(2);
  });

  it('goes on with the old process while the new one is not warm', async () => {
    const { device, children } = rig();
    device.want([release('one')]);
    children[0]?.becomeReady();
    await vi.waitFor(() => expect(device.available()).toEqual(['one']));
    device.want([release('two')]);
    expect(device.available()).toEqual(['one']);
  });

  it('starts a process that ended again, with growing pauses', async () => {
    const { device, children, timers } = rig();
    device.want([release('one')]);
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      children[i]?.end('SIGSEGV');
      await vi.waitFor(() => expect(timers).toHaveLength(1));
      const [timer] = timers.splice(0);
      pauses.push(timer?.delay_ms ?? 0);
      timer?.run();
      expect(children).toHaveLength(i + 2);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
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
