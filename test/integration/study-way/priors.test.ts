import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, AgentOptions } from './agent.ts';
import { mrSeries, send, type SeriesOptions, uidsOf } from './mr-series.ts';
import {
  type Archive,
  current,
  earlier,
  freePort,
  priorsIn,
  releaseThatWants,
  seriesOf,
  startArchive,
  wanted,
} from './prior-world.ts';
import { classes, createStudyWorld, segmentationAndReport, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
let archive: Archive;
let port: number;

beforeEach(async () => {
  world = await createStudyWorld();
  port = await freePort();
  archive = await startArchive(world.folder, port, { DicomAlwaysAllowFind: true, DicomAlwaysAllowMove: true });
  world.endWith(() => archive.stop());
});
afterEach(() => world.close());

const dataDir = (): string => join(world.folder, 'data');

async function agentThatWants(wants: Partial<typeof wanted> = {}, more: Partial<AgentOptions> = {}): Promise<Agent> {
  const releases = [await releaseThatWants(world.folder, { ...wanted, ...wants })];
  return world.agentWith({ releases, port, priors: archive.settings, ...more });
}

/** The study goes all its way: what was asked for, and what its job was given. */
async function sent(agent: Agent, slices = mrSeries(current)) {
  await send(agent.port, slices);
  await vi.waitFor(() => expect(world.counted('priors-settled')).toBeGreaterThanOrEqual(1));
  await settled(agent);
  const { requests, offered, fetches } = priorsIn(dataDir());
  const [request] = requests;
  return { request, offered: offered(request?.jobId ?? 0), fetches };
}

const textOf = async (): Promise<string> => {
  const [report] = (await world.arrived(2)).filter(({ sopClassUid }) => sopClassUid === sopClasses.comprehensiveSr);
  return readFile(join(world.pacsFolder, report?.file ?? ''), 'latin1');
};

describe('priors at a PACS', () => {
  it('are fetched, the newest first and no more than wanted, before the job runs, and no model runs on them', async () => {
    await archive.hold(seriesOf(earlier(1), earlier(2), earlier(3)));
    const agent = await agentThatWants();
    const { request, offered } = await sent(agent);
    expect(request).toMatchObject({ state: 'over', outcome: 'found', reason: null, listed: 3, differing: 0 });
    expect(offered.map(({ studyInstanceUid, daysBefore }) => [studyInstanceUid, daysBefore])).toEqual([
      [uidsOf(earlier(1), 0).study, 365],
      [uidsOf(earlier(2), 0).study, 731],
    ]);
    expect(offered.map(({ series }) => series.map((one) => [one.modality, one.bodyPart, one.files.length]))).toEqual([
      [['MR', 'HEAD', 3]],
      [['MR', 'HEAD', 3]],
    ]);
    expect(classes(await world.arrived(2))).toEqual(segmentationAndReport);
    expect(await textOf()).not.toContain('without a prior');
    // Two studies came besides, and nothing was made of them.
    expect(agent.way.counts()).toMatchObject({ instances: { received: 10 }, jobs: { inferred: 1, failed: 0 } });
    expect([world.counted('study-complete'), world.counted('job-started')]).toEqual([1, 1]);
    expect(
      agent.way
        .studies(10)
        .map(({ state }) => state)
        .toSorted(),
    ).toEqual(['inferred', 'prior', 'prior']);
    expect(JSON.stringify(world.events)).not.toMatch(/P1|H1|2\.25\.|1\.2\.840/);
  });

  it('of people who look alike are not taken, and counted', async () => {
    const alike: readonly (Partial<SeriesOptions> & { study: string })[] = [
      { study: 'other-issuer', issuer: 'H2' },
      { study: 'other-birth-date', birthDate: '19700102' },
      { study: 'other-sex', sex: 'M' },
      { study: 'other-id', patient: `${current.patient}1` },
      { study: 'no-id', patient: '' },
    ];
    await archive.hold(seriesOf(...alike.map((more) => earlier(1, more)), earlier(2)));
    const agent = await agentThatWants({ count_max: 10 });
    const { request, offered } = await sent(agent);
    // Those with another ID are not asked for.
    expect(request).toMatchObject({ outcome: 'found', listed: 4, differing: 3 });
    expect(offered.map(({ studyInstanceUid }) => studyInstanceUid)).toEqual([uidsOf(earlier(2), 0).study]);
    expect(agent.way.counts().instances.received).toBe(7);
  });

  it('that name somebody else in their images only are fetched and not given to the job', async () => {
    // The archive lists what it knows of the study by its first image.
    await archive.hold([
      ...mrSeries({ ...earlier(1), slices: 2 }),
      ...mrSeries({ ...earlier(1), from: 2, slices: 1, birthDate: '19600101' }),
    ]);
    const agent = await agentThatWants({ required: true });
    const { request, offered } = await sent(agent);
    expect(request).toMatchObject({ outcome: 'none', reason: 'priors-other-patient', listed: 1, differing: 0 });
    expect(offered).toEqual([]);
  });

  it('that are later, of another modality or body part, or too old, are left there', async () => {
    await archive.hold(
      seriesOf(
        earlier(-1),
        earlier(0, { study: 'same-day', time: '101113' }),
        earlier(0, { study: 'that-morning', time: '0900' }),
        earlier(1, { bodyPart: 'CHEST' }),
        earlier(3),
      ),
    );
    const agent = await agentThatWants({ modality: ['MR'], body_part: ['HEAD'], within_days: 800, count_max: 5 });
    const { offered } = await sent(agent);
    expect(offered.map(({ studyInstanceUid, daysBefore }) => [studyInstanceUid, daysBefore])).toEqual([
      [uidsOf(earlier(0, { study: 'that-morning' }), 0).study, 0],
    ]);
    expect(agent.way.counts().instances.received).toBe(7);
  });

  it('that are here already are used without being fetched', async () => {
    await archive.hold(seriesOf(earlier(1)));
    const agent = await agentThatWants();
    await send(agent.port, mrSeries(earlier(1)));
    await world.arrived(2);
    await settled(agent);
    await send(agent.port, mrSeries(current));
    await world.arrived(4);
    const { requests, fetches, offered } = priorsIn(dataDir());
    expect(requests.map(({ outcome }) => outcome)).toEqual(['none', 'found']);
    expect(fetches).toEqual([]);
    expect(offered(2).map(({ series }) => series[0]?.files.length)).toEqual([3]);
  });

  it('need not be there: the job runs, and its report says so', async () => {
    const agent = await agentThatWants();
    expect((await sent(agent)).request).toMatchObject({ outcome: 'none', reason: null, listed: 0 });
    expect(await textOf()).toMatch(/Made without a prior study.*the archive names none/s);
  });

  it('that must be there and are not have the job refused, and a retry asks again', async () => {
    const agent = await agentThatWants({ required: true });
    expect((await sent(agent)).request).toMatchObject({ outcome: 'none' });
    expect(agent.way.studies(1)).toMatchObject([{ state: 'failed', failure: 'priors-missing' }]);
    const [refusal] = await world.arrived(1);
    expect(await readFile(join(world.pacsFolder, refusal?.file ?? ''), 'latin1')).toContain('priors-missing');
    await archive.hold(seriesOf(earlier(1)));
    await agent.way.retry(1);
    await world.arrived(3);
    await settled(agent);
    expect(priorsIn(dataDir()).requests.map(({ outcome }) => outcome)).toEqual(['none', 'found']);
    expect(agent.way.studies(5).map(({ state }) => state)).toContain('inferred');
  });

  it('are not waited for where no PACS is named that has them', async () => {
    const releases = [await releaseThatWants(world.folder, wanted)];
    const agent = await world.agentWith({ releases });
    expect((await sent(agent)).request).toMatchObject({ outcome: 'failed', reason: 'priors-not-configured' });
    expect(await textOf()).toContain('no PACS is named that has them');
  });

  it('are asked for again while the PACS is away, and then the job runs without', async () => {
    await archive.stop();
    const agent = await agentThatWants();
    expect((await sent(agent)).request).toMatchObject({ outcome: 'failed', reason: 'priors-source-unreachable' });
    expect(world.counted('priors-not-asked')).toBe(3);
    expect(await textOf()).toContain('cannot be reached');
  });

  it('of a PACS that hangs are given up when the time is over', async () => {
    await archive.hold(seriesOf(earlier(1)));
    const agent = await agentThatWants({ wait_s_max: 2 });
    process.kill(archive.pid, 'SIGSTOP');
    try {
      expect((await sent(agent)).request).toMatchObject({ outcome: 'late', reason: 'priors-late' });
    } finally {
      process.kill(archive.pid, 'SIGCONT');
    }
    expect(await textOf()).toContain('did not come within the time');
  });

  it('of a PACS that hangs while it sends are given up when the time is over, and what came is no study', async () => {
    await archive.hold(mrSeries({ ...earlier(1), slices: 60 }));
    const agent = await agentThatWants({ wait_s_max: 4 });
    await send(agent.port, mrSeries(current));
    await vi.waitFor(() => expect(agent.way.counts().instances.received).toBeGreaterThan(4), { interval: 1 });
    process.kill(archive.pid, 'SIGSTOP');
    try {
      await vi.waitFor(() => expect(world.counted('priors-settled')).toBe(1));
      await vi.waitFor(() => expect(world.counted('prior-series-not-moved')).toBe(1));
    } finally {
      process.kill(archive.pid, 'SIGCONT');
    }
    await world.arrived(2);
    await settled(agent);
    expect(priorsIn(dataDir()).requests).toMatchObject([{ outcome: 'late', reason: 'priors-late' }]);
    expect(agent.way.counts().jobs).toMatchObject({ inferred: 1, failed: 0 });
    expect(world.counted('study-complete')).toBe(1);
  });

  it('of a PACS that hangs for a while are asked for once more, and come whole', async () => {
    await archive.hold(mrSeries({ ...earlier(1), slices: 60 }));
    const agent = await agentThatWants({}, { priors: { ...archive.settings, timeouts: { move_idle_s: 1 } } });
    await send(agent.port, mrSeries(current));
    await vi.waitFor(() => expect(agent.way.counts().instances.received).toBeGreaterThan(4), { interval: 1 });
    process.kill(archive.pid, 'SIGSTOP');
    try {
      await vi.waitFor(() => expect(world.counted('prior-series-not-moved')).toBe(1));
    } finally {
      process.kill(archive.pid, 'SIGCONT');
    }
    await world.arrived(2);
    await settled(agent);
    expect(priorsIn(dataDir()).requests).toMatchObject([{ outcome: 'found', reason: null }]);
    expect(
      priorsIn(dataDir())
        .offered(1)
        .map(({ series }) => series[0]?.files.length),
    ).toEqual([60]);
  });

  it('are not asked for while the study is held, and the time that the model waits begins after that', async () => {
    await archive.hold(seriesOf(earlier(1)));
    const agent = await agentThatWants({ wait_s_max: 5 });
    process.kill(archive.pid, 'SIGSTOP');
    try {
      await send(agent.port, mrSeries(current));
      await vi.waitFor(() => expect(world.counted('study-complete')).toBe(1));
      await send(agent.port, mrSeries({ ...current, slices: 1, description: 't1 axial other' }));
      expect(agent.way.heldStudies()).toBe(1);
      await vi.waitFor(() => expect(world.counted('priors-not-asked') + world.counted('priors-settled')).toBe(0));
    } finally {
      process.kill(archive.pid, 'SIGCONT');
    }
    await agent.way.quarantine.discard(1);
    await world.arrived(2);
    expect(priorsIn(dataDir()).requests).toMatchObject([{ outcome: 'found' }]);
  });

  it('that the PACS cannot send are tried again, and then the job runs without', async () => {
    await archive.hold(seriesOf(earlier(1)));
    await archive.rest('DELETE', '/modalities/appliance');
    const agent = await agentThatWants();
    const { request, offered } = await sent(agent);
    expect(request).toMatchObject({ outcome: 'failed', reason: 'priors-source-failed', listed: 1 });
    expect(offered).toEqual([]);
  });
});

describe('a prior that is sent to be read', () => {
  const prior = earlier(1);

  async function withPrior(): Promise<Agent> {
    await archive.hold(seriesOf(prior));
    const agent = await agentThatWants();
    expect((await sent(agent)).offered).toHaveLength(1);
    return agent;
  }

  it('as it was fetched is read like any other study, and has a result of its own', async () => {
    const agent = await withPrior();
    await send(agent.port, mrSeries(prior));
    await world.arrived(4);
    await settled(agent);
    expect(world.counted('prior-image-taken-as-new')).toBe(3);
    expect(agent.way.counts()).toMatchObject({ jobs: { inferred: 2 }, instances: { quarantined: 0 } });
    const read = agent.way.studies(5).map(({ state, images }) => `${state} ${images}`);
    expect(read.toSorted()).toEqual(['inferred 3', 'inferred 4']);
  });

  it('with other bytes takes its place, is not set aside, and holds nobody', async () => {
    const agent = await withPrior();
    await send(agent.port, mrSeries({ ...prior, description: 't1 axial corrected' }));
    await world.arrived(4);
    await settled(agent);
    expect(agent.way.counts()).toMatchObject({ jobs: { inferred: 2 }, instances: { quarantined: 0 } });
    expect(agent.way.heldStudies()).toBe(0);
    const { offered } = priorsIn(dataDir());
    for (const file of offered(1).flatMap(({ series }) => series.flatMap(({ files }) => files)))
      expect(await readFile(join(dataDir(), file), 'latin1')).toContain('corrected');
  });

  it('before it is fetched, in part and otherwise, stays as it was sent', async () => {
    await archive.hold(seriesOf(prior));
    const agent = await agentThatWants();
    await send(agent.port, mrSeries({ ...prior, slices: 2, description: 't1 axial first' }));
    await world.arrived(2);
    await settled(agent);
    await send(agent.port, mrSeries(current));
    await world.arrived(4);
    await settled(agent);
    // The third image came as a prior: it opens nothing, and what was sent keeps its result.
    expect(agent.way.counts()).toMatchObject({ jobs: { inferred: 2 }, instances: { quarantined: 0, received: 7 } });
    expect(agent.way.heldStudies()).toBe(0);
    expect(
      priorsIn(dataDir())
        .offered(2)
        .map(({ series }) => series[0]?.files.length),
    ).toEqual([3]);
  });
});

describe('a prior that nobody needs any more', () => {
  it('is removed, and fetched again for the next job', async () => {
    await archive.hold(seriesOf(earlier(1)));
    const agent = await agentThatWants({}, { cleanEvery_s: 1, priors: { ...archive.settings, keep_hours: 0 } });
    expect((await sent(agent)).offered).toHaveLength(1);
    await vi.waitFor(() => expect(world.counted('study-removed')).toBe(1));
    expect(agent.way.policyFigures().removed).toEqual({ space: 0, age: 0, prior: 1 });
    expect(agent.way.studies(5).map(({ state }) => state)).toEqual(['inferred']);
    await send(agent.port, mrSeries({ ...current, study: 'again' }));
    await world.arrived(4);
    expect(priorsIn(dataDir()).requests.map(({ outcome }) => outcome)).toEqual(['found', 'found']);
  });
});
