import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import { parse, stringify } from 'yaml';
import { type Demo, agentArgs, firstAppliance, hubArgs, launch } from '../demo/context.ts';
import { choosePorts, layOut } from '../demo/layout.ts';
import type { Program } from '../demo/programs.ts';
import { createDemo, runStages, stopAll } from '../demo/run-demo.ts';
import { silentView } from '../demo/stage-view.ts';
import { applianceReady, provisionAppliances } from '../demo/stages/provision-appliances.ts';
import { rollOutModel } from '../demo/stages/roll-out-model.ts';
import { signModel } from '../demo/stages/sign-model.ts';
import { hubReady, pacsArgs, startHub } from '../demo/stages/start-hub.ts';
import { trainModel } from '../demo/stages/train-model.ts';

/** The programs of the demo behind a service manager, for rounds in which one of them is killed. */
export interface LoopWorld {
  readonly demo: Demo;
  readonly program: (name: ProgramName) => Program;
  /**
   * Starts a program again so that it kills itself once at a named point. Returns whether it has done so.
   */
  armKill(name: ProgramName, point: string): Promise<() => boolean>;
  /** Ends a program and all it started at once; it stays down until `bringBack`. */
  cutDown(name: ProgramName): Promise<void>;
  bringBack(name: ProgramName, env?: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

export type ProgramName = 'hub' | 'RAD-0001' | 'pacs';

/** Steps for a model that finds something; how good it is, the demo's test tells. */
const stepsMax = 6;

/**
 * Starts hub, two appliances and receiver, enrolled and connected, each started again whenever it dies.
 *
 * @param change what is to be trained otherwise than the demo does; by default a few steps only
 */
export async function createLoopWorld(
  change: (spec: RunSpec) => RunSpec = (spec) => ({ ...spec, steps_max: stepsMax }),
): Promise<LoopWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'faults-'));
  const layout = layOut(join(dir, 'loop'));
  const demo = createDemo({
    layout,
    ports: await choosePorts(undefined),
    signal: new AbortController().signal,
    restart: true,
  });
  try {
    await runStages(demo, [startHub, provisionAppliances], silentView);
    const spec = parse(readFileSync(layout.runSpec, 'utf8')) as RunSpec;
    writeFileSync(layout.runSpec, stringify(change(spec)));
  } catch (error) {
    await stopAll(demo);
    throw error;
  }

  const program = (name: ProgramName): Program => {
    const found = demo.programs.find((each) => each.name === name);
    if (found === undefined) throw new Error(`${name} is not running`);
    return found;
  };
  const args = { hub: hubArgs(demo), 'RAD-0001': agentArgs(demo, firstAppliance(demo).serial), pacs: pacsArgs(demo) };
  let rounds = 0;

  async function takeOut(name: ProgramName, end: (old: Program) => Promise<void>): Promise<void> {
    const old = program(name);
    await end(old);
    demo.programs.splice(demo.programs.indexOf(old), 1);
  }
  async function bringBack(name: ProgramName, env: Readonly<Record<string, string>> = {}): Promise<void> {
    launch(demo, { name, args: args[name], env });
    if (name === 'hub') await hubReady(demo);
    if (name === 'RAD-0001') await applianceReady(demo, 0, name);
  }

  return {
    demo,
    program,
    async armKill(name, point) {
      await takeOut(name, (old) => old.stop());
      rounds += 1;
      const marker = join(dir, `killed-${rounds}`);
      launch(demo, { name, args: args[name], env: { COLLIMATOR_KILL_AT: point, COLLIMATOR_KILL_MARKER: marker } });
      if (name === 'hub') await hubReady(demo);
      return () => existsSync(marker);
    },
    cutDown: (name) => takeOut(name, (old) => old.cut()),
    bringBack,
    async close() {
      await stopAll(demo);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Trains the model, signs it and rolls it out. */
export const bringModel = (world: LoopWorld): Promise<void> =>
  runStages(world.demo, [trainModel, signModel, rollOutModel], silentView);
