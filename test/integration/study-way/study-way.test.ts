import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { StoreObject, StoreWrite } from '@collimator/edge-agent/dimse/index';
import type { ActiveRelease } from '@collimator/edge-agent/study/assemble/active-releases';
import { readResult } from '@collimator/edge-agent/study/deliver/result-file';
import { selfTest } from '@collimator/edge-agent/study/infer/self-test';
import { type Agent, type AgentOptions, startAgent } from './agent.ts';
import { block, mrSeries, send, spacing_mm } from './mr-series.ts';
import { type Program, type Received, received, startPacs } from './programs.ts';
import { writeRelease } from './release-folder.ts';

const waitOptions = { timeout: 20_000, interval: 25 };
const ends: (() => Promise<unknown>)[] = [];
let folder: string;
let release: ActiveRelease;
let pacs: Program;
let pacsFolder: string;
let events: { name: string; fields: Record<string, unknown> | undefined }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-way-'));
  ends.push(() => rm(folder, { recursive: true }));
  release = await writeRelease(join(folder, 'release'), '1.0.0');
  pacsFolder = join(folder, 'pacs');
  pacs = await startPacs(pacsFolder);
  ends.push(() => pacs.stop());
  events = [];
});

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function agentWith(options: Partial<AgentOptions> = {}): Promise<Agent> {
  const agent = await startAgent({
    dataDir: join(folder, 'data'),
    destinations: [{ name: 'pacs', port: pacs.port }],
    releases: [release],
    log: { event: (name, fields) => void events.push({ name, fields }) },
    ...options,
  });
  ends.push(() => agent.close());
  return agent;
}

const counted = (name: string): number => events.filter((event) => event.name === name).length;
const classes = (lines: readonly Received[]): string[] => lines.map((line) => line.sopClassUid).toSorted();
const both = [sopClasses.segmentation, sopClasses.comprehensiveSr].toSorted();

const arrived = (count: number): Promise<Received[]> =>
  vi.waitFor(async () => {
    const lines = await received(pacsFolder);
    expect(lines.length).toBeGreaterThanOrEqual(count);
    return lines;
  }, waitOptions);

/** Nothing is left to do: no study is open, no job and no delivery is waiting. */
const settled = (agent: Agent): Promise<void> =>
  vi.waitFor(() => {
    const { jobs, deliveries } = agent.way.counts();
    expect([jobs.queued, jobs.running, deliveries.pending]).toEqual([0, 0, 0]);
    expect(agent.way.studies(100).filter(({ state }) => state === 'receiving')).toEqual([]);
  }, waitOptions);

describe('a study on its way', () => {
  it('gives one segmentation and one report, with the volume that was in the images', async () => {
    const agent = await agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 10 }));
    const lines = await arrived(2);
    await settled(agent);
    expect(classes(lines)).toEqual(both);
    expect(agent.way.counts()).toEqual({
      instances: { received: 10, rejected: 0, quarantined: 0 },
      jobs: { queued: 0, running: 0, inferred: 1, failed: 0 },
      deliveries: { pending: 0, delivered: 2, failed: 0 },
    });
    const [line] = agent.way.studies(10);
    expect(line).toMatchObject({
      state: 'inferred',
      images: 10,
      revision: 1,
      release: 'bright-region',
      deliveries_sent: 2,
    });
    const { last_image_to_result } = agent.way.latencies();
    expect(last_image_to_result.count).toBe(1);
    expect(last_image_to_result.max).toBeGreaterThanOrEqual(1_000);

    const truth_mL =
      (10 *
        (block.rows[1] - block.rows[0]) *
        (block.columns[1] - block.columns[0]) *
        spacing_mm.slices *
        spacing_mm.rows *
        spacing_mm.columns) /
      1000;
    const fileOf = (sopClassUid: string): string =>
      join(pacsFolder, lines.find((one) => one.sopClassUid === sopClassUid)?.file ?? '');
    const volume_mL = await volumeOf(fileOf(sopClasses.comprehensiveSr));
    const voxel_mL = (spacing_mm.slices * spacing_mm.rows * spacing_mm.columns) / 1000;
    expect(volume_mL).toBeCloseTo((await maskVoxelsOf(fileOf(sopClasses.segmentation))) * voxel_mL, 6);
    expect(Math.abs(volume_mL - truth_mL) / truth_mL).toBeLessThan(0.15);
  });

  it('is not complete while an image of it is still arriving, however slowly', async () => {
    const agent = await agentWith();
    const [first, second] = mrSeries({ study: 'a', slices: 2 });
    if (!(first?.dataSet instanceof Uint8Array && second?.dataSet instanceof Uint8Array)) throw new Error('two slices');
    const [whole, parts] = [first.dataSet, second.dataSet];
    const begin = async (one: StoreObject): Promise<StoreWrite> => {
      const { sopClassUid, sopInstanceUid, transferSyntaxUid } = one;
      const from = { callingAeTitle: 'SLOW', calledAeTitle: 'COLLIMATOR', remoteAddress: '127.0.0.1' };
      const begun = await agent.way.sink.begin({
        ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, ...from },
        associationId: 'slow',
      });
      if (!begun.ok) throw new Error('refused');
      return begun.value;
    };
    const quick = await begin(first);
    await quick.write(whole);
    expect(await quick.commit()).toMatchObject({ status: 0 });
    const slow = await begin(second);
    // A byte now and then, for longer than the quiet time.
    const since = Date.now();
    let sent = 0;
    await vi.waitFor(
      async () => {
        await slow.write(parts.subarray(sent, ++sent));
        expect(Date.now() - since).toBeGreaterThan(2_500);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(counted('study-complete')).toBe(0);
    await slow.write(parts.subarray(sent));
    expect(await slow.commit()).toMatchObject({ status: 0 });
    await arrived(2);
    await settled(agent);
    expect(counted('study-complete')).toBe(1);
    expect(agent.way.studies(1)[0]).toMatchObject({ revision: 1, images: 2, state: 'inferred' });
  });

  it('takes images that are sent twice as one, and makes one job', async () => {
    const agent = await agentWith();
    const images = mrSeries({ study: 'a', slices: 6 });
    await Promise.all([send(agent.port, images), send(agent.port, images)]);
    await arrived(2);
    await send(agent.port, images);
    await settled(agent);
    expect(agent.way.counts().jobs.inferred).toBe(1);
    expect(agent.way.counts().instances.received).toBe(6);
    expect(await received(pacsFolder)).toHaveLength(2);
  });

  it('never processes a result of its own that comes back', async () => {
    const agent = await agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const lines = await arrived(2);
    await settled(agent);
    for (const line of lines) {
      const file = join(pacsFolder, line.file);
      const dataSet = await readResult(file, sha256Of(await readFile(file)));
      if (!dataSet.ok) throw new Error(dataSet.error);
      await send(agent.port, [{ ...line, dataSet: dataSet.value }]);
    }
    await vi.waitFor(() => expect(counted('own-object-returned')).toBe(2), waitOptions);
    await settled(agent);
    expect(counted('study-complete')).toBe(1);
    expect(agent.way.studies(10)).toHaveLength(1);
  });

  it('makes a new revision of a study when images come late, and runs only the series that changed', async () => {
    const agent = await agentWith();
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 6 }),
      ...mrSeries({ study: 'a', series: 'two', slices: 5 }),
    ]);
    await arrived(4);
    await settled(agent);
    await send(agent.port, mrSeries({ study: 'a', from: 6, slices: 4 }));
    const lines = await arrived(6);
    await settled(agent);
    expect(lines).toHaveLength(6);
    expect(agent.way.counts().jobs.inferred).toBe(3);
    expect(agent.way.studies(1)[0]).toMatchObject({ revision: 2, state: 'inferred', images: 15 });
  });

  it('leaves late images out where it is told to', async () => {
    const agent = await agentWith({ lateImages: 'ignore' });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await arrived(2);
    await send(agent.port, mrSeries({ study: 'a', from: 6, slices: 4 }));
    await vi.waitFor(() => expect(counted('study-late-images-ignored')).toBeGreaterThan(0), waitOptions);
    await settled(agent);
    expect(agent.way.counts().jobs.inferred).toBe(1);
  });

  it('says in a report why a series could not be used', async () => {
    const agent = await agentWith();
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 3 }),
      ...mrSeries({ study: 'a', from: 6, slices: 3 }), // three slices are missing in between
    ]);
    const [line] = await arrived(1);
    await settled(agent);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    expect(await received(pacsFolder)).toHaveLength(1);
    expect((await readFile(join(pacsFolder, line?.file ?? ''))).toString('latin1')).toContain('series-gap');
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'failed', failure: 'series-gap', deliveries_sent: 1 });
  });

  it('reports images whose pixels cannot be decoded, and nothing where the route wants no report', async () => {
    const agent = await agentWith({ objects: ['SEG'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 3, truncated: true }));
    await vi.waitFor(() => expect(counted('job-failed')).toBe(1), waitOptions);
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('failed');
    expect(await received(pacsFolder)).toHaveLength(0);
  });

  it('gives a job up that ends its process each time, says so, and goes on with the next', async () => {
    const agent = await agentWith({
      log: {
        event(name, fields) {
          events.push({ name, fields });
          if (name === 'job-started' && fields !== undefined && 'job' in fields && fields.job === 1)
            for (const pid of workerPids()) process.kill(pid, 'SIGKILL');
        },
      },
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const [line] = await arrived(1);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    expect((await readFile(join(pacsFolder, line?.file ?? ''))).toString('latin1')).toContain('inference-worker-died');
    expect(counted('job-started')).toBe(3);
    expect(events.find(({ name }) => name === 'job-failed')?.fields).toMatchObject({ class: 'poison' });
    await send(agent.port, mrSeries({ study: 'b', slices: 6 }));
    await arrived(3);
    await settled(agent);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 1 });
  });

  it('refuses a series that would not fit in memory, before it is decoded', async () => {
    const agent = await agentWith();
    // 33 times 128 MiB of pixels in files of a few kilobytes: decoding the first would say that it is damaged.
    await send(agent.port, mrSeries({ study: 'a', slices: 33, claimed: 8_192 }));
    await arrived(1);
    await settled(agent);
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'failed', failure: 'series-too-large', deliveries_sent: 1 });
    expect(events.find(({ name }) => name === 'job-failed')?.fields).toMatchObject({
      class: 'permanent',
      detail: expect.stringContaining('SERIES_BYTES_MAX'),
    });
  });

  it('makes and delivers the report alone where the route wants no segmentation', async () => {
    const agent = await agentWith({ objects: ['SR'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    const [line] = await arrived(1);
    await settled(agent);
    expect(classes(await received(pacsFolder))).toEqual([sopClasses.comprehensiveSr]);
    const file = join(pacsFolder, line?.file ?? '');
    const report = (await readFile(file)).toString('latin1');
    expect(report).not.toContain(sopClasses.segmentation);
    expect(report).not.toContain('Referenced Segment');
    expect(report.split('Source of Measurement')).toHaveLength(1 + 6);
    expect(await volumeOf(file)).toBeGreaterThan(0);
  });

  it('makes and delivers the segmentation alone where the route wants no report', async () => {
    const agent = await agentWith({ objects: ['SEG'] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await arrived(1);
    await settled(agent);
    expect(classes(await received(pacsFolder))).toEqual([sopClasses.segmentation]);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 0 });
  });

  it('names in the report of a failure the release that was run, whatever is active by then', async () => {
    const next = await writeRelease(join(folder, 'release-2'), '2.0.0');
    const agent = await agentWith({
      log: {
        event(name, fields) {
          events.push({ name, fields });
          // Between the end of the job and its report.
          if (name === 'job-failed') agent.use(counted('job-failed') === 1 ? [next] : []);
        },
      },
    });
    const namedIn = async (line: Received | undefined): Promise<string> =>
      (await readFile(join(pacsFolder, line?.file ?? ''))).toString('latin1');
    await send(agent.port, mrSeries({ study: 'a', slices: 3, truncated: true }));
    const [first] = await arrived(1);
    expect(await namedIn(first)).toContain('bright-region 1.0.0');
    expect(await namedIn(first)).toContain(release.ref.sha256);
    expect(await namedIn(first)).not.toContain(next.ref.sha256);
    expect(await namedIn(first)).not.toContain('bright-region 2.0.0');
    await send(agent.port, mrSeries({ study: 'b', slices: 3, truncated: true }));
    const [, second] = await arrived(2);
    await settled(agent);
    expect(await namedIn(second)).toContain(next.ref.sha256);
    expect(await namedIn(second)).toContain('bright-region 2.0.0');
    expect(await namedIn(second)).not.toContain(release.ref.sha256);
    expect(counted('job-status-report-failed')).toBe(0);
  });

  it('reports a study that no release takes where the route asks for it, once, and goes on with what comes later', async () => {
    const agent = await agentWith({ unmatched: 'report' });
    await send(agent.port, [
      ...mrSeries({ study: 'a', slices: 3, description: 'localizer' }),
      ...mrSeries({ study: 'a', series: 'two', slices: 5, description: 'scout' }),
    ]);
    const [line] = await arrived(1);
    await settled(agent);
    expect(line?.sopClassUid).toBe(sopClasses.comprehensiveSr);
    const { stdout } = await promisify(execFile)('dsrdump', ['+Pl', join(pacsFolder, line?.file ?? '')]);
    expect(stdout).toContain('Refused: images not processed');
    expect(stdout).toContain('none of 2 series is for this model: series-description (2)');
    expect(stdout).not.toMatch(/localizer|scout/);
    expect(agent.way.studies(1)[0]).toMatchObject({ state: 'not-selected', deliveries_sent: 1 });
    expect(agent.way.counts().jobs).toEqual({ queued: 0, running: 0, inferred: 0, failed: 0 });
    // A series of the same study that is for the release makes the next revision a matter of results.
    await send(agent.port, mrSeries({ study: 'a', series: 'three', slices: 6 }));
    expect(classes((await arrived(3)).slice(1))).toEqual(both);
    await settled(agent);
    expect(await received(pacsFolder)).toHaveLength(3);
  });

  it('reports it also when the release becomes active later', async () => {
    const agent = await agentWith({ unmatched: 'report', releases: [] });
    await send(agent.port, mrSeries({ study: 'a', slices: 3, description: 'localizer' }));
    await vi.waitFor(() => expect(agent.way.studies(1)[0]?.state).toBe('waiting'), waitOptions);
    expect(await received(pacsFolder)).toHaveLength(0);
    agent.use([release]);
    await arrived(1);
    await settled(agent);
    agent.use([release]);
    await settled(agent);
    expect(await received(pacsFolder)).toHaveLength(1);
  });

  it('leaves a series alone that no release selects, and says which condition failed', async () => {
    const agent = await agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 3, description: 'localizer' }));
    await vi.waitFor(() => expect(counted('series-not-selected')).toBe(1), waitOptions);
    expect(events.find(({ name }) => name === 'series-not-selected')?.fields).toMatchObject({
      reasons: 'series-description',
    });
    expect(agent.way.studies(1)[0]?.state).toBe('not-selected');
    expect(counted('study-unmatched')).toBe(0);
    expect(agent.way.counts().deliveries).toEqual({ pending: 0, delivered: 0, failed: 0 });
  });

  it('keeps a complete study until its release is active', async () => {
    const agent = await agentWith({ releases: [] });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(agent.way.studies(1)[0]?.state).toBe('waiting'), waitOptions);
    agent.use([release]);
    expect(classes(await arrived(2))).toEqual(both);
  });

  it('runs the next study with the release that was swapped in', async () => {
    const agent = await agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await arrived(2);
    const next = await writeRelease(join(folder, 'release-2'), '2.0.0');
    agent.use([next]);
    await send(agent.port, mrSeries({ study: 'b', slices: 6 }));
    await arrived(4);
    const versions = agent.way.studies(2).map(({ version }) => version);
    expect(versions.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual(['1.0.0', '2.0.0']);
  });

  it('delivers to a destination that was away, and does not let it delay another', async () => {
    await pacs.stop();
    const otherFolder = join(folder, 'other');
    const other = await startPacs(otherFolder);
    ends.push(() => other.stop());
    const agent = await agentWith({
      destinations: [
        { name: 'pacs', port: pacs.port },
        { name: 'other', port: other.port },
      ],
    });
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(async () => expect(await received(otherFolder)).toHaveLength(2), waitOptions);
    await vi.waitFor(() => expect(counted('delivery-retry')).toBeGreaterThan(1), waitOptions);
    await vi.waitFor(
      () => expect(agent.way.counts().deliveries).toEqual({ pending: 2, delivered: 2, failed: 0 }),
      waitOptions,
    );
    pacs = await startPacs(pacsFolder, pacs.port);
    ends.push(() => pacs.stop());
    const lines = await arrived(2);
    await settled(agent);
    expect(lines.map(({ sha256 }) => sha256).toSorted()).toEqual(
      (await received(otherFolder)).map(({ sha256 }) => sha256).toSorted(),
    );
  });

  it('never sends a result whose bytes have changed', async () => {
    await pacs.stop();
    const agent = await agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 6 }));
    await vi.waitFor(() => expect(counted('job-inferred')).toBe(1), waitOptions);
    await writeFile(join(folder, 'data/results/1/1/seg.dcm'), 'something else');
    pacs = await startPacs(pacsFolder, pacs.port);
    ends.push(() => pacs.stop());
    await vi.waitFor(
      () => expect(agent.way.counts().deliveries).toEqual({ pending: 0, delivered: 1, failed: 1 }),
      waitOptions,
    );
    expect(classes(await received(pacsFolder))).toEqual([sopClasses.comprehensiveSr]);
  });
});

describe('the self-test of a release', () => {
  it('passes where the runtime gives the golden outputs', async () => {
    const result = await selfTest(release.folder, release.release);
    expect(result).toMatchObject({ ok: true });
    expect(result.ok && result.value.max_abs_diff).toBeLessThan(1e-6);
  });

  it('fails where it does not, and where the model cannot be loaded', async () => {
    const off = await writeRelease(join(folder, 'off'), '1.0.1', 0.01);
    expect(await selfTest(off.folder, off.release)).toMatchObject({ ok: false, error: { code: 'golden-mismatch' } });
    const file = { ...off.release.files['model.onnx'], sha256: createHash('sha256').update('no model').digest('hex') };
    await writeFile(join(off.folder, 'model.onnx'), 'no model');
    const altered = await selfTest(off.folder, off.release);
    expect(altered).toMatchObject({ ok: false, error: { code: 'inference-release-altered' } });
    await writeFile(
      join(off.folder, 'release.json'),
      JSON.stringify({ ...off.release, files: { 'model.onnx': file } }),
    );
    const unloadable = await selfTest(off.folder, off.release);
    expect(unloadable).toMatchObject({ ok: false, error: { code: 'inference-model-unloadable' } });
  });
});

/** The volume in a report, as dcmtk reads it. */
async function volumeOf(file: string): Promise<number> {
  const { stdout } = await promisify(execFile)('dsrdump', [file]);
  return Number(/NUM:\(.*?Volume.*?\)="([\d.]+)" \(ml,UCUM/i.exec(stdout)?.[1] ?? Number.NaN);
}

/** Set bits of the last element of a segmentation, its Pixel Data (7FE0,0010) with VR OB. */
async function maskVoxelsOf(file: string): Promise<number> {
  const bytes = await readFile(file);
  const at = bytes.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00, 0x4f, 0x42, 0x00, 0x00]));
  expect(bytes.length - at - 12).toBe(bytes.readUInt32LE(at + 8));
  let count = 0;
  for (const byte of bytes.subarray(at + 12)) for (let bit = 0; bit < 8; bit++) count += (byte >> bit) & 1;
  return count;
}

/** Inference processes that this process has started (proc(5)). */
function workerPids(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
  return children
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('infer/worker/main'))
    .map(Number);
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
