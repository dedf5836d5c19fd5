import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { mrSeries, send } from './mr-series.ts';
import { type Program, received, startAgentProgram, startPacs } from './programs.ts';
import { writeRelease } from './release-folder.ts';
import type { AgentOptions } from './agent.ts';

const waitOptions = { timeout: 30_000, interval: 25 };
const ends: (() => Promise<unknown>)[] = [];
let folder: string;
let pacsFolder: string;
let options: Omit<AgentOptions, 'log'>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-kill-'));
  ends.push(() => rm(folder, { recursive: true }));
  pacsFolder = join(folder, 'pacs');
  const pacs = await startPacs(pacsFolder);
  ends.push(() => pacs.stop());
  options = {
    dataDir: join(folder, 'data'),
    destinations: [{ name: 'pacs', port: pacs.port }],
    releases: [await writeRelease(join(folder, 'release'), '1.0.0')],
  };
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** An agent that is started again as a service manager would, until the test is over. */
async function keepAlive(env: NodeJS.ProcessEnv): Promise<{ port: () => number; program: () => Program; deaths: () => number }> {
  let deaths = 0;
  let over = false;
  let program = await startAgentProgram(options, env);
  let restarting: Promise<void> = Promise.resolve();
  const watch = (one: Program): void => {
    one.child.once('exit', () => {
      if (over) return;
      deaths += 1;
      restarting = startAgentProgram(options, env).then((next) => {
        program = next;
        watch(next);
      });
    });
  };
  watch(program);
  ends.push(async () => {
    over = true;
    await restarting;
    await program.stop();
  });
  return { port: () => program.port, program: () => program, deaths: () => deaths };
}

/** Sends a study as a modality does: what was not acknowledged is sent again. */
async function sendStubbornly(port: () => number): Promise<void> {
  const images = mrSeries({ study: 'a', slices: 8 });
  await vi.waitFor(() => send(port(), images), { timeout: 20_000, interval: 100 });
}

/** One SEG and one SR at the PACS, every repeat the same bytes, and nothing more to come. */
async function expectOneOfEach(): Promise<void> {
  const unique = async (): Promise<string[]> => {
    const lines = await received(pacsFolder);
    expect(lines.filter((line) => !line.bytesEqual)).toEqual([]);
    return [...new Map(lines.map((line) => [line.sopInstanceUid, line.sopClassUid])).values()].toSorted();
  };
  const expected = [sopClasses.segmentation, sopClasses.comprehensiveSr].toSorted();
  await vi.waitFor(async () => expect(await unique()).toEqual(expected), waitOptions);
  // A second study goes the whole way behind the first: whatever the first would still send is sent by then.
  expect(await unique()).toEqual(expected);
}

const checkpoints = [
  'instance-committed',
  'study-assembled',
  'job-queued',
  'job-running',
  'worker-inferred',
  'results-stored',
  'delivery-sent-before-noted',
  'delivery-noted',
];

describe('a power cut', () => {
  it.each(checkpoints)('at %s loses nothing and doubles nothing', async (name) => {
    const agent = await keepAlive({ COLLIMATOR_KILL_AT: name, COLLIMATOR_KILL_MARKER: join(folder, 'killed') });
    await sendStubbornly(agent.port);
    await expectOneOfEach();
    if (name === 'delivery-noted') await vi.waitFor(() => expect(agent.deaths()).toBe(1), waitOptions);
    // The device's process dies alone, the agent goes on.
    expect(agent.deaths()).toBe(name === 'worker-inferred' ? 0 : 1);
    if (name === 'worker-inferred') expect(agent.program().stderr()).toContain('job-requeued');
    const repeats = (await received(pacsFolder)).filter((line) => line.repeat).length;
    expect(repeats).toBe(name === 'delivery-sent-before-noted' ? 1 : 0);
  });

  it('of the device process in the middle of its work is one more attempt', async () => {
    const agent = await keepAlive({});
    await vi.waitFor(() => expect(agent.program().stderr()).toContain('device-ready'), waitOptions);
    const children = await childrenOf(agent.program().child.pid ?? 0);
    expect(children).toHaveLength(1);
    await send(agent.port(), mrSeries({ study: 'a', slices: 400 }));
    await vi.waitFor(() => expect(agent.program().stderr()).toContain('job-started'), { ...waitOptions, interval: 1 });
    for (const pid of children) process.kill(pid, 'SIGKILL');
    await expectOneOfEach();
    expect(agent.deaths()).toBe(0);
    expect(agent.program().stderr()).toContain('inference-worker-died');
    expect(agent.program().stderr()).toContain('job-requeued');
  });
});

/** Processes that a process started itself. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(pid)]);
  const pids = stdout.split('\n').filter(Boolean).map(Number);
  return pids;
}
