import { expect, vi } from 'vitest';
import type { ActiveRelease } from '../../assemble/route/active-releases.ts';
import { type ChangeTurns, createChangeTurns } from '../change-turns.ts';
import { createDevice } from '../device.ts';
import type { EngineEvent } from '../engine-events.ts';
import type { InferenceChild, Ready, RunAnswer } from '../inference-child.ts';
import type { DeviceSpec, LoadRelease } from '../protocol.ts';
import type { WorkerTask } from '../tasks.ts';

/** A process of a device that does nothing until the test says so. */
export function childOf(releases: readonly LoadRelease[]) {
  let becomeReady: (without?: readonly string[]) => void = () => undefined;
  let end: (why: string) => void = () => undefined;
  let [isWarm, isDead] = [false, false];
  let answer: ((one: RunAnswer) => void) | undefined;
  const ended = new Promise<string>((resolve) => {
    end = (why) => {
      isDead = true;
      resolve(why);
    };
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    const loaded = releases.map(({ sha256 }) => ({ sha256, provider: 'cpu', attested: true }));
    becomeReady = (without = []) => {
      isWarm = true;
      resolve({
        ...{ type: 'ready', warm_ms: 1 },
        loaded: loaded.filter(({ sha256 }) => !without.includes(sha256)),
        unloadable: without.map((sha256) => ({ sha256, code: 'inference-release-altered', detail: 'model.onnx' })),
      });
    };
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
        void ended.then((why) => resolve({ answer: undefined, why: 'crashed', detail: why }));
      }),
    kill,
  };
  return {
    child,
    kill,
    releases,
    becomeReady: (without?: readonly string[]) => becomeReady(without),
    end: (why: string) => end(why),
    warm: () => isWarm,
    dead: () => isDead,
    busy: () => answer !== undefined,
    answer(one: RunAnswer) {
      answer?.(one);
      answer = undefined;
    },
  };
}

/** A device whose processes and timers a test moves by hand. */
export function rig(
  more: Partial<DeviceSpec> = {},
  turns: ChangeTurns = createChangeTurns(1),
  onChange: () => void = () => undefined,
) {
  const children: ReturnType<typeof childOf>[] = [];
  const timers: { delay_ms: number; run: () => void }[] = [];
  const events: EngineEvent[] = [];
  const device = createDevice({
    spec: {
      ...{ name: 'cpu-0', kind: 'cpu', threads: 1, decodeThreads: 1, providers: ['cpu'], workers: 1, nice: 0 },
      ...{ residentBytesMax: 1_000, ...more },
    },
    turns,
    start: (_, releases) => {
      const one = childOf(releases);
      children.push(one);
      return one.child;
    },
    now: () => 0,
    after: (delay_ms, run) => {
      const timer = { delay_ms, run };
      timers.push(timer);
      return () => {
        if (timers.includes(timer)) timers.splice(timers.indexOf(timer), 1);
      };
    },
    log: { event: () => undefined },
    onChange,
    onRenewed: () => undefined,
    onEvent: (event) => events.push(event),
  });
  /** What is offered to jobs that ask for an attested model, by slot. */
  const offered = () => device.slots().map(({ releases }) => releases.filter((key) => !key.includes(' ')).join(' '));
  const run = (at = 0) => device.run(device.slots()[at]?.id ?? '', task, 1);
  return { device, children, timers, offered, run, events };
}

export const release = (sha256: string, memory_bytes_min = 0): ActiveRelease =>
  ({
    ...{ ref: { name: 'a', version: '1.0.0', sha256 }, folder: `/${sha256}` },
    release: { device: { memory_bytes_min } },
  }) as unknown as ActiveRelease;
export const none: ReadonlySet<string> = new Set();
export const task = { type: 'plan' } as WorkerTask;
export const done = (residentBytes = 1): RunAnswer => ({ answer: { how: 'tensors', outputs: [] }, residentBytes });

export async function warm(world: ReturnType<typeof rig>, child: number, ...offered: readonly string[]): Promise<void> {
  world.children[child]?.becomeReady();
  await vi.waitFor(() => expect(world.offered()).toEqual(offered));
}
