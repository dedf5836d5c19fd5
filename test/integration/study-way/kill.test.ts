import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { mrSeries, send } from './mr-series.ts';
import { keepAlive } from './keep-alive.ts';
import { received, startPacs } from './programs.ts';
import { writeRelease } from './release-folder.ts';
import type { AgentOptions } from './agent.ts';

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
    // Longer than a modality waits before it sends again, so that a cut does not split a study.
    quiet_s: 1.5,
  };
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Sends a study as a modality does: what was not acknowledged is sent again. */
async function sendStubbornly(port: () => number, study = 'a'): Promise<void> {
  const images = mrSeries({ study, slices: 8 });
  await vi.waitFor(() => send(port(), images));
}

/** Whether each object at the PACS came with the same bytes every time; the SOP classes of all objects, once each. */
async function objects(): Promise<string[]> {
  const lines = await received(pacsFolder);
  expect(lines.filter((line) => !line.bytesEqual)).toEqual([]);
  return [...new Map(lines.map((line) => [line.sopInstanceUid, line.sopClassUid])).values()].toSorted();
}

const results = (studies: number): string[] =>
  [sopClasses.segmentation, sopClasses.comprehensiveSr].flatMap((one) => Array<string>(studies).fill(one)).toSorted();

/** One SEG and one SR at the PACS, every repeat the same bytes, and nothing more to come. */
async function expectOneOfEach(port: () => number): Promise<void> {
  await vi.waitFor(async () => expect(await objects()).toEqual(results(1)));
  // A second study goes the whole way behind the first: whatever the first would still send is sent before its results.
  await sendStubbornly(port, 'b');
  await vi.waitFor(async () => expect((await objects()).length).toBeGreaterThanOrEqual(4));
  expect(await objects()).toEqual(results(2));
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

const seed = Number(process.env['COLLIMATOR_TEST_SEED'] ?? Date.now() % 1_000_000);

/** A small generator of numbers from 0 to 1 (mulberry32), so that a failed run can be had again. */
function randomOf(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Objects that the PACS answered and the appliance had not noted when it died: fewest, most. */
const repeatsOf: Readonly<Record<string, readonly [number, number]>> = {
  'delivery-sent-before-noted': [1, 2],
  'delivery-noted': [0, 1],
};

describe('a power cut', () => {
  it.each(checkpoints)('at %s loses nothing and doubles nothing', async (name) => {
    const agent = await keepAlive(options, ends, {
      COLLIMATOR_KILL_AT: name,
      COLLIMATOR_KILL_MARKER: join(folder, 'killed'),
    });
    await sendStubbornly(agent.port);
    await expectOneOfEach(agent.port);
    // The device's process dies alone, the agent goes on.
    const alone = name === 'worker-inferred';
    expect(agent.deaths()).toBe(alone ? 0 : 1);
    expect(agent.program().stderr().includes('inference-worker-died')).toBe(alone);
    const repeats = (await received(pacsFolder)).filter((line) => line.repeat).length;
    // A job's two objects go over one association: both may have been answered before either was noted.
    const [repeatsMin, repeatsMax] = repeatsOf[name] ?? [0, 0];
    expect(repeats).toBeGreaterThanOrEqual(repeatsMin);
    expect(repeats).toBeLessThanOrEqual(repeatsMax);
  });

  it('after a sender was done is followed by its study at once, by the rule for that sender', async () => {
    // Far longer than the test may take: only the rule completes a study.
    options = { ...options, quiet_s: 600, rules: [{ source: 'MODALITY' }] };
    const agent = await keepAlive(options, ends, {
      COLLIMATOR_KILL_AT: 'release-noted',
      COLLIMATOR_KILL_MARKER: join(folder, 'killed'),
    });
    await sendStubbornly(agent.port);
    await vi.waitFor(async () => expect(await objects()).toEqual(results(1)));
    expect(agent.deaths()).toBe(1);
  });

  it(`at five random moments (COLLIMATOR_TEST_SEED=${seed}) loses nothing and doubles nothing`, async () => {
    const random = randomOf(seed);
    const device = { cpu: { threads: 1 }, decode_threads: 1 };
    const agent = await keepAlive({ ...options, devices: [device, { ...device, nice: 5 }] }, ends);
    const sending = sendStubbornly(agent.port);
    for (let cut = 1; cut <= 5; cut++) {
      const { child } = agent.program();
      const timer = setTimeout(() => child.kill('SIGKILL'), 1_500 * random());
      await vi.waitFor(() => expect(agent.deaths()).toBe(cut));
      clearTimeout(timer);
      await vi.waitFor(() => expect(agent.program().child).not.toBe(child));
    }
    await sending;
    await expectOneOfEach(agent.port);
  });

  it('of the device process in the middle of its work is one more attempt', async () => {
    const agent = await keepAlive(options, ends);
    await vi.waitFor(() => expect(agent.program().stderr()).toContain('device-ready'));
    const children = await childrenOf(agent.program().child.pid ?? 0);
    expect(children).toHaveLength(1);
    await send(agent.port(), mrSeries({ study: 'a', slices: 400 }));
    await vi.waitFor(() => expect(agent.program().stderr()).toContain('job-started'), { interval: 1 });
    for (const pid of children) process.kill(pid, 'SIGKILL');
    await expectOneOfEach(agent.port);
    expect(agent.deaths()).toBe(0);
    expect(agent.program().stderr()).toContain('inference-worker-died');
    expect(agent.program().stderr()).toContain('chunk-requeued');
  });
});

/** Processes that a process started itself (proc(5)). */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}
