import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActiveRelease } from '../assemble/route/active-releases.ts';
import { createBalance } from '../queue/balance/balance.ts';
import { createCostModel } from '../queue/schedule/cost-model.ts';
import { createScheduler } from '../queue/schedule/create-scheduler.ts';
import { changesAtOnce, createChangeTurns } from './change-turns.ts';
import { createDeviceTally } from './device-tally.ts';
import { createEngine, type Engine } from './engine.ts';
import { createRequestEngine } from './request-engine.ts';
import { done, release, rig } from './testing/device-rig.ts';

/** One thing that happens while models change; numbers choose among what there is then. */
type Story =
  | { readonly type: 'new' }
  | { readonly type: 'warm' | 'answer' | 'death'; readonly which: number }
  /** A program asks for what is ready; one that is slow has let time pass since it chose. */
  | { readonly type: 'ask' | 'choose' | 'ask-chosen' };

type DeviceOf = { readonly workers: number; readonly memory: 'any' | 'holds both' | 'holds one' };

const RELEASE_BYTES = 60;
const STEPS_MAX = 2_000;

/** The engine over devices whose processes and timers the test moves. */
function createWorld(of: readonly DeviceOf[], cores: number) {
  const places = of.reduce((sum, { workers }) => sum + workers, 0);
  const turns = createChangeTurns(changesAtOnce(places, cores));
  const rigs = of.map(({ workers, memory }, index) => {
    const bytes = workers * RELEASE_BYTES * (memory === 'holds both' ? 2 : 1);
    const more = { name: `d${index}`, workers, ...(memory !== 'any' && { memoryBytesMax: bytes }) };
    return rig(more, turns, () => engine.changed());
  });
  const engine: Engine = createEngine({
    balance: createBalance(createScheduler({ costs: createCostModel() })),
    devices: rigs.map(({ device }) => device),
    tally: createDeviceTally(),
    watchdog: { factor: 5, floor_ms: 1_000 },
    now: () => 0,
    after: () => () => undefined,
    log: { event: () => undefined },
    onEvent: () => undefined,
  });
  const requests = createRequestEngine({ engine, now: () => 0, requestsMax: 10_000 });
  const failed: unknown[] = [];
  const chosen: { readonly sha256: string; readonly letGo: () => void }[] = [];
  let version = 0;
  let open = 0;

  const children = () => rigs.flatMap((one) => one.children);
  const living = () => children().filter(({ kill, dead }) => !dead() && kill.mock.calls.length === 0);
  const starting = () => living().filter(({ warm }) => !warm());
  const pick = <T>(from: readonly T[], which: number): T | undefined => from[which % Math.max(1, from.length)];
  const ready = () => requests.models().find((one) => one.ready);

  async function ask(sha256: string, letGo: () => void): Promise<void> {
    open += 1;
    const inputs = [{ name: 'image', dims: [1], data: new Float32Array(1) }];
    const { signal } = new AbortController();
    const answer = await requests.infer({ sha256, stage: 0, priority: 2, inputs, outputs: [], signal });
    open -= 1;
    letGo();
    if (!answer.ok) failed.push(answer.error);
  }

  async function happen(story: Story): Promise<void> {
    if (story.type === 'new') {
      version += 1;
      const next = release(`r${version}`, RELEASE_BYTES);
      engine.want([{ ...next, release: { ...next.release, stages: [{}] } } as ActiveRelease]);
    } else if (story.type === 'warm') pick(starting(), story.which)?.becomeReady();
    else if (story.type === 'death') pick(living(), story.which)?.end('SIGSEGV');
    else if (story.type === 'answer')
      pick(
        living().filter(({ busy }) => busy()),
        story.which,
      )?.answer(done());
    else if (story.type === 'ask-chosen') {
      const one = chosen.shift();
      if (one !== undefined) void ask(one.sha256, one.letGo);
    } else {
      const model = ready();
      if (model === undefined) return;
      const letGo = requests.keep(model.sha256);
      if (story.type === 'ask') void ask(model.sha256, letGo);
      else chosen.push({ sha256: model.sha256, letGo });
    }
    await setImmediate();
  }

  return {
    ...{ happen, failed, ready },
    wanted: () => `r${version}`,
    /** From here on no process dies: everything warms, is answered and is tried again, until nothing happens any more. */
    async settle(): Promise<void> {
      while (chosen.length > 0) await happen({ type: 'ask-chosen' });
      for (let steps = 0; steps < STEPS_MAX; steps++) {
        await setImmediate();
        const waiting = rigs.find(({ timers }) => timers.length > 0);
        if (starting().length > 0) await happen({ type: 'warm', which: steps });
        else if (living().some(({ busy }) => busy())) await happen({ type: 'answer', which: steps });
        else if (waiting !== undefined) waiting.timers.shift()?.run();
        else return;
      }
      throw new Error('it does not come to an end');
    },
    state: () => ({
      open,
      served: requests.models().map(({ sha256 }) => sha256),
      loaded: rigs.map(({ device }) => device.loaded().map(({ sha256 }) => sha256)),
      processes: living().length,
    }),
    atRest: (sha256: string) => ({
      open: 0,
      served: [sha256],
      loaded: of.map(({ workers }) => Array.from({ length: workers }, () => sha256)),
      processes: places,
    }),
  };
}

const deviceOf = fc.record({
  workers: fc.integer({ min: 1, max: 2 }),
  memory: fc.constantFrom('any', 'holds both', 'holds one'),
} as const);
const which = fc.nat(20);
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary });
const peaceful = [
  often(2, fc.constant({ type: 'new' as const })),
  often(6, fc.record({ type: fc.constant('warm' as const), which })),
  often(8, fc.record({ type: fc.constant('answer' as const), which })),
  often(8, fc.constant({ type: 'ask' as const })),
  often(2, fc.constantFrom({ type: 'choose' as const }, { type: 'ask-chosen' as const })),
];
const death = often(2, fc.record({ type: fc.constant('death' as const), which }));
const stories = (all: readonly fc.WeightedArbitrary<Story>[]): fc.Arbitrary<Story[]> =>
  fc.array(fc.oneof(...all), { minLength: 5, maxLength: 80 });
const HANG_GUARD_MS = 300_000;
const numRuns = 1_000;

describe('models that change over several devices', () => {
  it('are never all away, and no request fails, while no process dies', { timeout: HANG_GUARD_MS }, async () => {
    const devices = fc.array(deviceOf, { minLength: 2, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(devices, fc.integer({ min: 1, max: 8 }), stories(peaceful), async (of, cores, told) => {
        const world = createWorld(of, cores);
        await world.happen({ type: 'new' });
        await world.settle();
        for (const story of told) {
          await world.happen(story);
          expect(world.ready(), JSON.stringify(world.state())).toBeDefined();
        }
        await world.settle();
        expect(world.failed).toEqual([]);
        expect(world.state()).toEqual(world.atRest(world.wanted()));
      }),
      { numRuns },
    );
  });

  it('come to rest on the last one wherever processes die', { timeout: HANG_GUARD_MS }, async () => {
    const devices = fc.array(deviceOf, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        devices,
        fc.integer({ min: 1, max: 8 }),
        stories([...peaceful, death]),
        async (of, cores, told) => {
          const world = createWorld(of, cores);
          await world.happen({ type: 'new' });
          for (const story of told) await world.happen(story);
          await world.settle();
          expect(world.state()).toEqual(world.atRest(world.wanted()));
        },
      ),
      { numRuns },
    );
  });
});
