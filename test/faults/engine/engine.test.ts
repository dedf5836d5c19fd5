import { readFileSync } from 'node:fs';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineEvent } from '@collimator/edge-agent/study/infer/engine-events';
import type { Fault } from '@collimator/edge-agent/study/infer/worker/faults';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, AgentOptions } from '../../integration/study-way/agent.ts';
import { mrSeries, send } from '../../integration/study-way/mr-series.ts';
import { received } from '../../integration/study-way/programs.ts';
import { writeRelease } from '../../integration/study-way/release-folder.ts';
import {
  classes,
  createStudyWorld,
  segmentationAndReport,
  settled,
  type StudyWorld,
} from '../../integration/study-way/study-world.ts';

// Devices and workers that fail in every way: each job ends in one result or one named failure, and others go on.

let world: StudyWorld;
let engineEvents: EngineEvent[];

beforeEach(async () => {
  world = await createStudyWorld();
  engineEvents = [];
});
afterEach(async () => {
  delete process.env['COLLIMATOR_WORKER_FAULTS'];
  await world.close();
});

const slow = { cpu: { threads: 1 }, decode_threads: 1 };
const two = [
  { ...slow, name: 'first' },
  { ...slow, name: 'second' },
];

/** An agent on these devices, one of which is ill; all of them are warm. */
async function start(faults: readonly Fault[], options: Partial<AgentOptions> = {}): Promise<Agent> {
  process.env['COLLIMATOR_WORKER_FAULTS'] = JSON.stringify(faults);
  const agent = await world.agentWith({
    devices: two,
    quiet_s: 1.5,
    onEngineEvent: (event) => engineEvents.push(event),
    ...options,
  });
  await vi.waitFor(() => expect(agent.way.devices().every(({ ready }) => ready)).toBe(true));
  return agent;
}

const study = (name: string, slices = 12) => mrSeries({ study: name, slices });
const stateOf = (agent: Agent, name: string) => agent.way.devices().find((device) => device.name === name);
const failures = () =>
  world.events.filter(({ name }) => name === 'job-failed').map(({ fields }) => fields?.['code'] as string);

/** So many studies have their segmentation and their report, and nothing came twice. */
async function oneOfEach(agent: Agent, studies: number): Promise<void> {
  await world.arrived(2 * studies);
  await settled(agent);
  const wanted = Array.from({ length: studies }, () => segmentationAndReport).flat();
  expect(classes(await received(world.pacsFolder))).toEqual(wanted.toSorted());
  expect(agent.way.counts().jobs).toMatchObject({ inferred: studies, failed: 0 });
}

describe('a worker', () => {
  it('that is killed in the middle of a job loses nothing: another one takes its chunk', async () => {
    const marker = join(world.folder, 'died');
    const agent = await start([
      { device: 'first', fault: 'die', marker },
      { device: 'second', fault: 'die', marker },
    ]);
    await send(agent.port, study('a'));
    await oneOfEach(agent, 1);
    expect(world.counted('chunk-requeued')).toBe(1);
    expect(world.counted('job-started')).toBe(1);
    expect(engineEvents).toContainEqual(expect.objectContaining({ type: 'worker-ended', why: 'crashed' }));
  });

  it('that hangs is ended by the watchdog, and its chunk is run again', async () => {
    const [when, marker] = [join(world.folder, 'now'), join(world.folder, 'hung')];
    const agent = await start([{ device: 'first', fault: 'hang', when, marker }], {
      devices: [two[0] as object],
      inference: { watchdog: { factor: 5, floor_s: 1 } },
    });
    await send(agent.port, study('a'));
    await oneOfEach(agent, 1);
    await writeFile(when, '');
    await send(agent.port, study('b'));
    await oneOfEach(agent, 2);
    const requeued = world.events.find(({ name }) => name === 'chunk-requeued');
    expect(requeued?.fields).toMatchObject({ code: 'inference-worker-stuck' });
    expect(engineEvents).toContainEqual({ type: 'worker-ended', device: 'first', why: 'stuck' });
  });

  it('that leaks is let go when it has grown too large, and a new one takes its place', async () => {
    const agent = await start([{ device: 'first', fault: 'leak', bytes: 48 * 2 ** 20 }], {
      devices: [{ ...slow, name: 'first', resident_bytes_max: 2 ** 28 }],
    });
    for (const name of ['a', 'b']) await send(agent.port, study(name));
    await oneOfEach(agent, 2);
    expect(world.counted('worker-grown')).toBeGreaterThan(0);
    expect(world.counted('device-ready')).toBeGreaterThan(1);
    expect(world.counted('chunk-requeued')).toBe(0);
  });

  it.each(['nan', 'shape'] as const)(
    'that answers with a wrong %s is not believed: another device is asked',
    async (fault) => {
      const marker = join(world.folder, 'unsound');
      const agent = await start([
        { device: 'first', fault, marker },
        { device: 'second', fault, marker },
      ]);
      await send(agent.port, study('a'));
      await oneOfEach(agent, 1);
      const unsound = { code: 'inference-output-invalid', attempts: 1 };
      expect(world.events.filter(({ name }) => name === 'job-requeued')).toMatchObject([{ fields: unsound }]);
      const tasks = engineEvents.filter((event) => event.type === 'task-ended');
      const ill = tasks.find(({ outcome }) => outcome === 'failure');
      const again = tasks.filter(({ ready_ms }) => ready_ms > (ill?.ended_ms ?? 0));
      expect(again.length).toBeGreaterThan(0);
      expect(again.map(({ device }) => device)).not.toContain(ill?.device);
    },
  );

  it.each(['nan', 'shape'] as const)(
    'and all others that answer with a wrong %s fail the job by name',
    async (fault) => {
      const agent = await start([
        { device: 'first', fault },
        { device: 'second', fault },
      ]);
      await send(agent.port, study('a'));
      const [line] = await world.arrived(1);
      await settled(agent);
      expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
      expect(failures()).toEqual(['inference-output-invalid']);
      expect(world.counted('job-started')).toBe(2);
    },
  );

  it('that dies of the same job three times leaves it as poison, with a list of what it was about', async () => {
    const agent = await start([{ device: 'first', fault: 'die', when: join(world.folder, 'now') }], {
      devices: [two[0] as object],
    });
    await writeFile(join(world.folder, 'now'), '');
    await send(agent.port, study('a', 5));
    await world.arrived(1);
    await rm(join(world.folder, 'now'));
    await send(agent.port, study('b'));
    await world.arrived(3);
    await settled(agent);
    expect(failures()).toEqual(['inference-worker-died']);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 1 });
    const text = await readFile(join(world.folder, 'data', 'poison', '1', 'job.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ job: 1, device: 'first', images: [1, 2, 3, 4, 5], attempts: 3 });
    expect(text).not.toMatch(/\d+\.\d+\.\d+\.\d+/);
  });
});

describe('a device', () => {
  it('without memory for a batch gets smaller ones', async () => {
    const agent = await start([{ device: 'first', fault: 'memory', batchOver: 1 }], { devices: [two[0] as object] });
    await send(agent.port, study('a'));
    await oneOfEach(agent, 1);
    expect(engineEvents.find(({ type }) => type === 'batch-lowered')).toMatchObject({ device: 'first', items: 2 });
    expect(world.counted('job-requeued')).toBe(0);
  });

  it('without memory for a single item leaves the job to another one', async () => {
    const agent = await start([{ device: 'first', fault: 'memory', batchOver: 0 }]);
    const found = () => engineEvents.some((event) => event.type === 'task-ended' && event.outcome === 'failure');
    let studies = 0;
    // Which device gets a chunk is the scheduler's to say: sooner or later this one does.
    while (!found() && studies < 20) {
      await Promise.all([send(agent.port, study(`a${studies}`)), send(agent.port, study(`b${studies}`))]);
      studies += 2;
      await oneOfEach(agent, studies);
    }
    expect(found()).toBe(true);
  });

  it('that vanishes is shown as failed while others do its work, and is taken again when it is back', async () => {
    const when = join(world.folder, 'gone');
    const agent = await start([{ device: 'first', fault: 'vanish', when }]);
    await writeFile(when, '');
    for (const pid of workerPids()) process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(stateOf(agent, 'second')?.ready).toBe(true));
    for (const name of ['a', 'b']) await send(agent.port, study(name));
    await oneOfEach(agent, 2);
    await vi.waitFor(() => expect(stateOf(agent, 'first')?.state).toBe('failed'));
    expect(stateOf(agent, 'first')?.reason).toBe('exit code 1');
    await rm(when);
    await vi.waitFor(() => expect(stateOf(agent, 'first')?.ready).toBe(true));
  });

  it('whose release was changed on the disk says so, and its jobs fail by that name', async () => {
    await appendFile(join(world.release.folder, 'model.onnx'), '\n');
    const agent = await world.agentWith({ devices: two, quiet_s: 1.5 });
    await send(agent.port, study('a'));
    const [line] = await world.arrived(1);
    await settled(agent);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    expect(failures()).toEqual(['inference-release-altered']);
    expect(agent.way.devices()).toMatchObject([{ state: 'failed' }, { state: 'failed' }]);
    expect(stateOf(agent, 'first')?.reason).toContain('model.onnx');
  });
});

describe('a change of models under load', () => {
  it.each([
    ['beside each other', {}, 0],
    ['one after the other, where the memory does not hold both', { memory_bytes_max: 2 ** 25 }, 2 ** 24 + 1],
  ])(
    '%s fails nothing and runs nothing twice; each result is of the release that made it',
    async (_, more, memory_bytes_min) => {
      const old = await writeRelease(join(world.folder, 'old'), '1.0.0', 0, {}, { memory_bytes_min });
      const next = await writeRelease(join(world.folder, 'next'), '2.0.0', 0, {}, { memory_bytes_min });
      const agent = await start([], {
        quiet_s: 2,
        releases: [old],
        devices: two.map((device) => ({ ...device, ...more })),
      });
      const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
      for (const name of names.slice(0, 4)) await send(agent.port, study(name, 30));
      await vi.waitFor(() => expect(world.counted('job-started')).toBeGreaterThan(0), { interval: 1 });
      agent.use([next]);
      for (const name of names.slice(4)) await send(agent.port, study(name, 30));
      await oneOfEach(agent, names.length);
      const inferred = world.events.filter(({ name }) => name === 'job-inferred').map(({ fields }) => fields);
      expect(inferred.map((fields) => Number(fields?.['job'])).toSorted((a, b) => a - b)).toEqual(
        names.map((__, i) => i + 1),
      );
      expect(new Set(inferred.map((fields) => fields?.['version']))).toEqual(new Set(['1.0.0', '2.0.0']));
      for (const fields of inferred)
        expect(fields?.['sha256']).toBe(fields?.['version'] === '1.0.0' ? old.ref.sha256 : next.ref.sha256);
      expect(world.counted('job-started')).toBe(names.length);
      expect([world.counted('chunk-requeued'), world.counted('job-requeued')]).toEqual([0, 0]);
      await vi.waitFor(() => expect(workerPids()).toHaveLength(2));
    },
  );
});

/** Inference processes that this process has started (proc(5)). */
function workerPids(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infer/worker/main'))
    .map(Number);
}
