import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operator } from '../demo/context.ts';
import { runStages } from '../demo/run-demo.ts';
import { silentView } from '../demo/stage-view.ts';
import { rollOutModel } from '../demo/stages/roll-out-model.ts';
import { signModel } from '../demo/stages/sign-model.ts';
import { followRun, startRun } from '../demo/stages/train-model.ts';
import { waitFor } from '../demo/wait.ts';
import { createLoopWorld, type LoopWorld, type ProgramName } from './loop-world.ts';

// A power cut at any moment of a model's way: the way is walked to its end after the restart, and never twice.

const setUpMsMax = 300_000;
const roundMsMax = 300_000;
/** Of a model that has to be whole, not good. */
const stepsMax = 2;
const channels = [4, 8];

let world: LoopWorld;
let version = 0;

beforeAll(async () => {
  world = await createLoopWorld(({ network, ...spec }) => ({
    ...{ ...spec, steps_max: stepsMax },
    network: { ...network, channels },
  }));
}, setUpMsMax);

afterAll(() => world?.close());

/** Declares the next version, so that each round has a release of its own. */
function nextVersion(): string {
  version += 1;
  const file = world.demo.layout.release;
  const declaration = JSON.parse(readFileSync(file, 'utf8')) as object;
  const text = `1.0.${version}`;
  writeFileSync(file, JSON.stringify({ ...declaration, version: text }));
  return text;
}

/** Starts a run, as an operator who looks at the list before he repeats a command that the hub did not answer. */
async function startOnce(): Promise<string> {
  const hub = operator(world.demo);
  const before = new Set((await repeated('the runs there are', () => hub.listRuns())).map((run) => run.id));
  return repeated('a new run', async () => {
    const begun = (await hub.listRuns()).find((run) => !before.has(run.id));
    return begun?.id ?? (await startRun(world.demo));
  });
}

/** Goes on with a run to its release on every appliance; what failed because the hub was away is repeated. */
async function walkOn(run: string): Promise<void> {
  await followRun(world.demo, run, silentView.stage('train', 'Training'));
  for (const stage of [signModel, rollOutModel]) {
    await repeated(stage.name, async () => {
      await runStages(world.demo, [stage], silentView);
      return true;
    });
  }
}

const repeated = <T>(what: string, action: () => Promise<T>): Promise<T> =>
  waitFor(action, { what, timeoutMs: roundMsMax, intervalMs: 500 });

/** An appliance says the step of its roll-out and the releases it runs in two messages: the hub may have one of them. */
async function expectActive(release: string): Promise<void> {
  await waitFor(
    async () => {
      const devices = await operator(world.demo).listDevices();
      expect(devices.map((device) => device.active.map((each) => each.version))).toEqual(devices.map(() => [release]));
      return true;
    },
    { what: `${release} on every appliance`, timeoutMs: roundMsMax },
  );
  const models = await operator(world.demo).listModels();
  expect(models.filter((model) => model.version === release)).toHaveLength(1);
}

describe("SIGKILL at a named point of a model's way", () => {
  const points: readonly (readonly [ProgramName, string])[] = [
    ['hub', 'hub-run-registered'],
    ['hub', 'hub-targets-signed'],
    ['hub', 'hub-rollout-created'],
    ['hub', 'hub-event-stored'],
    ['RAD-0001', 'model-announced'],
    ['RAD-0001', 'model-fetching'],
    ['RAD-0001', 'model-verified'],
    ['RAD-0001', 'model-staged'],
    ['RAD-0001', 'model-swapped'],
  ];

  test.each(points)('%s at %s', { timeout: roundMsMax }, async (program, point) => {
    const release = nextVersion();
    const killed = await world.armKill(program, point);
    await walkOn(await startOnce());
    expect(killed(), 'the point was reached and the process killed').toBe(true);
    await expectActive(release);
  });

  test('the hub while it trains: the run starts over and ends', { timeout: roundMsMax }, async () => {
    const release = nextVersion();
    const run = await startOnce();
    await waitFor(async () => (await operator(world.demo).showRun(run)).backend ?? undefined, {
      what: 'the training process',
      timeoutMs: roundMsMax,
      intervalMs: 50,
    });
    world.program('hub').kill('SIGKILL');
    await walkOn(run);
    await expectActive(release);
    expect(existsSync(join(world.demo.layout.hubData, 'runs', run, '2')), 'the run was started over').toBe(true);
  });
});
