import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import dicomParser from 'dicom-parser';
import { readKeyObject } from '@collimator/edge-agent/study/decode/key-object';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Agent, AgentOptions } from './agent.ts';
import { keepAlive } from './keep-alive.ts';
import { sendKeyObject } from './key-objects.ts';
import { mrSeries, send, testUid } from './mr-series.ts';
import { type Received, received } from './programs.ts';
import { classes, createStudyWorld, segmentationAndReport, settled, type StudyWorld } from './study-world.ts';

const SLICES = [0, 1, 2];
/** Everything that is done with goes within a second. */
const fullDisk = { diskUsed: 0.9, cleanEvery_s: 1 };

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const note = (name: string, study = 'a', slices: readonly number[] = SLICES) => ({
  ...{ name, title: '113037', slices, study },
  file: join(world.folder, `${name}.dcm`),
});
const notes = (lines: readonly Received[]): readonly Received[] =>
  lines.filter((line) => line.sopClassUid === sopClasses.keyObjectSelection);
const kept = async (): Promise<string[]> => readdir(join(world.folder, 'data', 'withdrawable')).catch(() => []);
const studies = (): number => {
  const database = new Database(join(world.folder, 'data', 'agent.sqlite'), { readonly: true });
  try {
    return (database.prepare('SELECT count(*) AS n FROM studies').get() as { n: number }).n;
  } finally {
    database.close();
  }
};

/** A study whose results the PACS has, and which is gone from here. */
async function removedStudy(options: Partial<AgentOptions> = {}): Promise<{ agent: Agent; results: Received[] }> {
  const agent = await world.agentWith({ ...fullDisk, ...options });
  await send(agent.port, mrSeries({ study: 'a', slices: SLICES.length }));
  const results = await world.arrived(2);
  await vi.waitFor(() => expect(world.counted('study-removed')).toBe(1));
  expect(agent.way.studies(9)).toEqual([]);
  return { agent, results };
}

describe('a rejection note for a study that was removed', () => {
  it('takes back what was sent of it, once, and leaves nothing behind', async () => {
    const { agent, results } = await removedStudy();
    expect(await kept()).toEqual(['1.dcm']);
    expect(agent.way.policyFigures().withdrawableJobs).toBe(1);
    await sendKeyObject(agent.port, note('n1'));
    const ours = notes(await world.arrived(3)).at(-1);
    const bytes = await readFile(join(world.pacsFolder, ours?.file ?? ''));
    const read = readKeyObject(bytes);
    expect(read).toEqual({
      ok: true,
      value: {
        title: '113037',
        references: expect.arrayContaining(results.map((one) => one.sopInstanceUid)),
        studyInstanceUids: [testUid('a')],
      },
    });
    expect(read.ok ? read.value.references : []).toHaveLength(2);
    const dataSet = dicomParser.parseDicom(bytes);
    expect([dataSet.string('x0020000d'), dataSet.string('x00100020')]).toEqual([testUid('a'), 'P-a']);
    expect(agent.way.policyFigures().withdrawableJobs).toBe(0);
    // The study that the note brought goes as well, with what was kept and with our note.
    await vi.waitFor(() => expect(world.counted('study-removed')).toBe(2));
    expect([await kept(), await readdir(join(world.folder, 'data', 'withdrawals'))]).toEqual([[], []]);
    await sendKeyObject(agent.port, note('n2'));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(2));
    // What comes behind it arrives: so would have another note.
    await send(agent.port, mrSeries({ study: 'b', slices: 3 }));
    expect(notes(await world.arrived(5))).toHaveLength(1);
  });

  it('lets corrected images in afterwards, also where late images are left out', async () => {
    const { agent } = await removedStudy({ lateImages: 'ignore' });
    await sendKeyObject(agent.port, note('n1'));
    await world.arrived(3);
    await send(agent.port, mrSeries({ study: 'a', series: 'two', slices: 3 }));
    expect(classes((await world.arrived(5)).slice(3))).toEqual(segmentationAndReport);
    expect(world.counted('study-late-images-ignored')).toBe(0);
  });

  it('does nothing when it is about another study, or about images that no job had', async () => {
    const { agent } = await removedStudy();
    await sendKeyObject(agent.port, note('n1', 'other'));
    await sendKeyObject(agent.port, note('n2', 'a', [7, 8]));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(2));
    await settled(agent);
    expect(agent.way.policyFigures().withdrawableJobs).toBe(1);
    expect(notes(await received(world.pacsFolder))).toEqual([]);
    await sendKeyObject(agent.port, note('n3'));
    expect(notes(await world.arrived(3))).toHaveLength(1);
  });

  it('takes nothing back when the time for that is over, and what was kept is gone', async () => {
    const { agent } = await removedStudy({ withdrawable_days: 1 / 86_400 });
    await vi.waitFor(() => expect(world.counted('withdrawable-forgotten')).toBe(1));
    expect(await kept()).toEqual([]);
    await sendKeyObject(agent.port, note('n1'));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(1));
    await settled(agent);
    await send(agent.port, mrSeries({ study: 'b', slices: 3 }));
    expect(notes(await world.arrived(4))).toEqual([]);
  });

  it('takes nothing back where nothing is to be kept', async () => {
    const { agent } = await removedStudy({ withdrawable_days: 0 });
    expect([await kept(), agent.way.policyFigures().withdrawableJobs]).toEqual([[], 0]);
  });
});

describe('a power cut between the removal of a study and our note', () => {
  it.each([
    ['subjects-kept', 1],
    ['study-let-go', 1],
    ['files-removed', 1],
    // These two lie behind the note.
    ['rejection-noted', 0],
    ['withdrawal-noted', 0],
  ])('at %s sends one note', async (name, deathsBefore) => {
    const ends: (() => Promise<unknown>)[] = [];
    world.endWith(async () => {
      for (const end of ends.reverse()) await end();
    });
    const options = {
      dataDir: join(world.folder, 'data'),
      destinations: [{ name: 'pacs', port: world.pacs.port }],
      releases: [world.release],
      ...fullDisk,
    };
    const agent = await keepAlive(options, ends, {
      COLLIMATOR_KILL_AT: name,
      COLLIMATOR_KILL_MARKER: join(world.folder, 'killed'),
    });
    await send(agent.port(), mrSeries({ study: 'a', slices: SLICES.length }));
    await world.arrived(2);
    await vi.waitFor(() => expect(studies()).toBe(0));
    await vi.waitFor(() => expect(agent.deaths()).toBe(deathsBefore));
    await vi.waitFor(() => expect(agent.program().child.signalCode).toBeNull());
    // The cut may come before the association is released; it cannot come before the note is stored.
    await sendKeyObject(agent.port(), note('n1')).catch(() => undefined);
    expect(notes(await world.arrived(3))).toHaveLength(1);
    await vi.waitFor(() => expect([agent.deaths(), studies()]).toEqual([1, 0]));
    await vi.waitFor(async () => expect(await kept()).toEqual([]));
    await send(agent.port(), mrSeries({ study: 'b', slices: 3 }));
    expect(notes(await world.arrived(5))).toHaveLength(1);
  });
});
