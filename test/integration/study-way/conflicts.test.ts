import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openAssociation, type StoreObject } from '@collimator/edge-agent/dimse/index';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent } from './agent.ts';
import { mrSeries, send } from './mr-series.ts';
import { received } from './programs.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

const SLICES = 4;
const first = (): StoreObject[] => mrSeries({ study: 'a', slices: SLICES, patient: 'WRONG' });
const corrected = (): StoreObject[] => mrSeries({ study: 'a', slices: SLICES, patient: 'MENDED' });

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

/** Which patient each result at the PACS names, in the order of arrival. */
async function patients(): Promise<string[]> {
  const lines = await received(world.pacsFolder);
  return Promise.all(
    lines.map(async ({ file }) => {
      const bytes = (await readFile(join(world.pacsFolder, file))).toString('latin1');
      return ['WRONG', 'MENDED'].filter((one) => bytes.includes(one)).join('+');
    }),
  );
}

/** Results, the note that takes both back, and the new ones. */
const TAKEN_BACK = ['WRONG', 'WRONG', 'WRONG', 'MENDED', 'MENDED'];
const noteIsThird = async (): Promise<boolean> =>
  (await received(world.pacsFolder))[2]?.sopClassUid === sopClasses.keyObjectSelection;

const entries = (agent: Agent): number[] => agent.way.quarantine.kept(100).map(({ entryId }) => entryId);

const decideAll = async (agent: Agent, decision: 'release' | 'discard'): Promise<void> => {
  for (const entry of entries(agent)) expect((await agent.way.quarantine[decision](entry)).ok).toBe(true);
};

const stateOf = (agent: Agent) => agent.way.studies(10).at(-1);

describe('demographics that are corrected after the results were sent', () => {
  it('quarantine: hold the study, also after a restart, until the copies are released; then the results are made anew', async () => {
    const before = await world.agentWith();
    await send(before.port, first());
    await world.arrived(2);
    await settled(before);
    await send(before.port, corrected());
    await send(before.port, corrected());
    expect(entries(before)).toHaveLength(SLICES);
    expect(stateOf(before)).toMatchObject({ state: 'held', images: SLICES });
    expect(before.way.heldStudies()).toBe(1);
    const figures = before.way.policyFigures();
    expect(figures.held).toEqual({ conflict: 1, rejection: 0, operator: 0 });
    expect(figures.quarantine.entries).toBe(SLICES);
    expect(figures.quarantine.bytes).toBeGreaterThan(SLICES * 1_000);
    expect(figures.conflicts).toEqual({ quarantined: 2 * SLICES, replaced: 0, 'kept-first': 0 });
    await before.close();

    const agent = await world.agentWith();
    expect(stateOf(agent)?.state).toBe('held');
    await decideAll(agent, 'release');
    await world.arrived(5);
    await settled(agent);
    expect(await patients()).toEqual(TAKEN_BACK);
    expect(await noteIsThird()).toBe(true);
    expect(stateOf(agent)).toMatchObject({ state: 'inferred', revision: 2, images: SLICES, holds: [] });
    expect(entries(agent)).toEqual([]);
    expect(await readdir(join(world.folder, 'data', 'quarantine'))).toEqual([]);
    expect(await storedFiles()).toHaveLength(SLICES);
    // The corrected ones are the stored ones now, wherever their files lie.
    await send(agent.port, corrected());
    expect(await storedFiles()).toHaveLength(SLICES);
    expect(entries(agent)).toEqual([]);
  });

  it('replace: take the place of the first ones and give a new revision', async () => {
    const agent = await world.agentWith({ conflicts: 'replace' });
    await send(agent.port, first());
    await world.arrived(2);
    await settled(agent);
    await send(agent.port, corrected());
    await world.arrived(5);
    await settled(agent);
    expect(await patients()).toEqual(TAKEN_BACK);
    expect(await noteIsThird()).toBe(true);
    expect(stateOf(agent)).toMatchObject({ state: 'inferred', revision: 2, images: SLICES });
    expect(await storedFiles()).toHaveLength(SLICES);
    const stored = await Promise.all((await storedFiles()).map((file) => readFile(file, 'latin1')));
    expect(stored.every((bytes) => bytes.includes('MENDED') && !bytes.includes('WRONG'))).toBe(true);
    expect(world.counted('instance-conflict')).toBe(SLICES);
  });

  it('replace: give a new revision also where late images are ignored', async () => {
    const agent = await world.agentWith({ conflicts: 'replace', lateImages: 'ignore' });
    await send(agent.port, first());
    await world.arrived(2);
    await settled(agent);
    await send(agent.port, corrected());
    await world.arrived(5);
    expect(await patients()).toEqual(TAKEN_BACK);
  });

  it('replace: takes back what was made of other series of the study too, whose images may still come', async () => {
    const agent = await world.agentWith({ conflicts: 'replace' });
    await send(agent.port, [...first(), ...mrSeries({ study: 'a', series: 'two', slices: SLICES, patient: 'WRONG' })]);
    await world.arrived(4);
    await settled(agent);
    await send(agent.port, corrected().slice(0, 1));
    // Two notes; the study names two patients now, which each series reports.
    await world.arrived(8);
    await settled(agent);
    const notes = (await received(world.pacsFolder)).filter(
      ({ sopClassUid }) => sopClassUid === sopClasses.keyObjectSelection,
    );
    expect(notes).toHaveLength(2);
    expect(stateOf(agent)).toMatchObject({ state: 'failed', failure: 'study-patients-mixed' });
  });

  it('keep-first: are answered with a warning and dropped', async () => {
    const agent = await world.agentWith({ conflicts: 'keep-first' });
    await send(agent.port, first());
    await world.arrived(2);
    await settled(agent);
    expect(await statuses(agent, corrected())).toEqual(Array<number>(SLICES).fill(0xb006));
    expect(await statuses(agent, first())).toEqual(Array<number>(SLICES).fill(0));
    await settled(agent);
    expect(await patients()).toEqual(['WRONG', 'WRONG']);
    expect(entries(agent)).toEqual([]);
    expect(agent.way.heldStudies()).toBe(0);
    expect(agent.way.policyFigures().conflicts).toEqual({ quarantined: 0, replaced: 0, 'kept-first': SLICES });
  });
});

describe('demographics that are corrected before the results were sent', () => {
  /** A study whose results are made and wait for a PACS that is away. */
  async function waiting(conflicts: 'quarantine' | 'replace'): Promise<Agent> {
    await world.pacs.stop();
    const agent = await world.agentWith({ conflicts });
    await send(agent.port, first());
    await vi.waitFor(() => expect(world.counted('job-inferred')).toBe(1));
    await send(agent.port, corrected());
    return agent;
  }

  /** Whatever would still be sent is sent before the results of a second study. */
  async function nothingMoreThan(agent: Agent, count: number): Promise<void> {
    await send(agent.port, mrSeries({ study: 'b', slices: SLICES, patient: 'OTHER' }));
    await world.arrived(count + 2);
    expect((await patients()).filter((one) => one === '')).toHaveLength(2);
    expect(await patients()).toHaveLength(count + 2);
  }

  it('quarantine: keep the results waiting, and discarding the copies sends them', async () => {
    const agent = await waiting('quarantine');
    await world.restartPacs();
    await nothingMoreThan(agent, 0);
    await decideAll(agent, 'discard');
    await world.arrived(4);
    await settled(agent);
    expect((await patients()).filter((one) => one !== '')).toEqual(['WRONG', 'WRONG']);
    expect(await statuses(agent, corrected()), 'what was decided is not asked again').toEqual(
      Array<number>(SLICES).fill(0xb006),
    );
    expect(agent.way.heldStudies()).toBe(0);
  });

  it('quarantine: releasing the copies withdraws what waits, and nothing of the wrong patient is ever sent', async () => {
    const agent = await waiting('quarantine');
    await decideAll(agent, 'release');
    await world.restartPacs();
    await world.arrived(2);
    await settled(agent);
    expect(await patients()).toEqual(['MENDED', 'MENDED']);
  });

  it('replace: withdraws what waits', async () => {
    const agent = await waiting('replace');
    await world.restartPacs();
    await world.arrived(2);
    await settled(agent);
    expect(await patients()).toEqual(['MENDED', 'MENDED']);
  });
});

describe('demographics that are corrected while the job runs', () => {
  it.each(['replace', 'quarantine'] as const)('%s: nothing of the wrong patient is sent', async (conflicts) => {
    await world.pacs.stop();
    let sending: Promise<void> | undefined;
    const agent: Agent = await world.agentWith({
      conflicts,
      log: {
        event(name, fields) {
          world.events.push({ name, fields });
          if (name === 'job-started') sending ??= send(agent.port, corrected());
        },
      },
    });
    await send(agent.port, first());
    await vi.waitFor(() => expect(sending).toBeDefined());
    await sending;
    await vi.waitFor(() => expect(agent.way.counts().jobs.running).toBe(0));
    await decideAll(agent, 'release');
    await world.restartPacs();
    await world.arrived(2);
    await settled(agent);
    expect(await patients()).toEqual(['MENDED', 'MENDED']);
    expect(world.counted('study-stage-failed')).toBe(0);
  });
});

describe('one instance in two studies', () => {
  it('holds both until it is decided, and what moves leaves the other', async () => {
    const agent = await world.agentWith();
    const [moved] = mrSeries({ study: 'a', inStudy: 'z', slices: 1, patient: 'MENDED' }) as [StoreObject];
    await send(agent.port, [...first(), moved]);
    expect(agent.way.heldStudies()).toBe(2);
    await send(agent.port, mrSeries({ study: 'z', from: 1, slices: 2, patient: 'MENDED' }));
    await decideAll(agent, 'release');
    await settled(agent);
    expect(agent.way.studies(10).map(({ images }) => images)).toEqual([3, 3]);
  });
});

describe('images of one study that name two patients', () => {
  it('are refused, said so by a report for each series that names its own patient, and never inferred on', async () => {
    const agent = await world.agentWith();
    await send(agent.port, [...first(), ...mrSeries({ study: 'a', series: 'two', slices: SLICES, patient: 'MENDED' })]);
    await world.arrived(2);
    await settled(agent);
    expect((await patients()).toSorted()).toEqual(['MENDED', 'WRONG']);
    const lines = await received(world.pacsFolder);
    expect(lines.map(({ sopClassUid }) => sopClassUid)).toEqual([
      sopClasses.comprehensiveSr,
      sopClasses.comprehensiveSr,
    ]);
    expect(stateOf(agent)).toMatchObject({ state: 'failed', failure: 'study-patients-mixed' });
    expect(world.counted('job-started')).toBe(0);
  });
});

async function storedFiles(): Promise<string[]> {
  const folder = join(world.folder, 'data', 'studies');
  const all = await readdir(folder, { recursive: true, withFileTypes: true });
  return all.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
}

async function statuses(agent: Agent, objects: readonly StoreObject[]): Promise<number[]> {
  const association = await openAssociation({
    host: '127.0.0.1',
    port: agent.port,
    callingAeTitle: 'MODALITY',
    calledAeTitle: 'COLLIMATOR',
    contexts: [{ abstractSyntax: sopClasses.mrImage, transferSyntaxes: [objects[0]?.transferSyntaxUid ?? ''] }],
  });
  const all: number[] = [];
  for (const object of objects) all.push((await association.store(object)).status);
  await association.release();
  return all;
}
