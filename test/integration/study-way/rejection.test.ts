import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { readKeyObject } from '@collimator/edge-agent/study/decode/key-object';
import dicomParser from 'dicom-parser';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sendKeyObject } from './key-objects.ts';
import { mrSeries, send, testUid } from './mr-series.ts';
import { type Program, received, type Received, startAgentProgram } from './programs.ts';
import { classes, createStudyWorld, segmentationAndReport, settled, type StudyWorld } from './study-world.ts';

const SLICES = [0, 1, 2, 3, 4];

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const note = (name: string, title: string, slices: readonly number[] = SLICES) => ({
  ...{ name, title, slices, study: 'a' },
  file: join(world.folder, `${name}.dcm`),
});
const bytesOf = (line: Received | undefined): Promise<Buffer> => readFile(join(world.pacsFolder, line?.file ?? ''));
const newest = (lines: readonly Received[], sopClass: string): Received | undefined =>
  lines.findLast((line) => line.sopClassUid === sopClass);

describe('images that their source rejects', () => {
  it('take back what was sent of them, and are not used when the study comes again', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    const results = await world.arrived(2);
    await settled(agent);
    await sendKeyObject(agent.port, note('n1', '113037'));
    const lines = await world.arrived(3);
    const ours = newest(lines, sopClasses.keyObjectSelection);
    const bytes = await bytesOf(ours);
    const read = readKeyObject(bytes);
    expect(read).toEqual({
      ok: true,
      value: {
        title: '113037',
        references: expect.arrayContaining(results.map((one) => one.sopInstanceUid)),
        studyInstanceUids: [testUid('a')],
      },
    });
    const { dataSet } = { dataSet: dicomParser.parseDicom(bytes) };
    expect([dataSet.string('x0020000d'), dataSet.string('x00100020')]).toEqual([testUid('a'), 'P-a']);
    expect(agent.way.studies(1)[0]?.state).toBe('rejected');
    // Corrected images under new UIDs, in the same study.
    await send(agent.port, mrSeries({ study: 'a', series: 'two', slices: 4 }));
    const again = (await world.arrived(5)).slice(3);
    expect(classes(again)).toEqual(segmentationAndReport);
    const report = (await bytesOf(newest(again, sopClasses.comprehensiveSr))).toString('latin1');
    expect(report).toContain(testUid('a', 'two', 0));
    expect(report).not.toContain(testUid('a', 'one', 2));
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('inferred');
  });

  it('make no job when the note came first, also where late images are left out', async () => {
    const agent = await world.agentWith({ lateImages: 'ignore' });
    await sendKeyObject(agent.port, note('n1', '113001'));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(1));
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    await vi.waitFor(() => expect(world.counted('study-complete')).toBe(1));
    await settled(agent);
    expect(world.counted('job-started')).toBe(0);
    expect(await received(world.pacsFolder)).toEqual([]);
  });

  it('are replaced also where late images are left out, whether the note came before the images or after', async () => {
    const agent = await world.agentWith({ lateImages: 'ignore' });
    await sendKeyObject(agent.port, note('n1', '113001'));
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    await send(agent.port, mrSeries({ study: 'b', slices: 5 }));
    await sendKeyObject(agent.port, { ...note('n2', '113001'), study: 'b' });
    await vi.waitFor(() => expect(world.counted('study-complete')).toBe(2));
    expect(world.counted('job-started')).toBe(0);
    await send(agent.port, mrSeries({ study: 'a', series: 'two', slices: 5 }));
    await send(agent.port, mrSeries({ study: 'b', series: 'two', slices: 5 }));
    expect(classes(await world.arrived(4))).toEqual([...segmentationAndReport, ...segmentationAndReport].toSorted());
    // Only once: what comes now is late.
    await send(agent.port, mrSeries({ study: 'b', series: 'three', slices: 5 }));
    await vi.waitFor(() => expect(world.counted('study-late-images-ignored')).toBe(1));
  });

  it('end what waits for its destination, which never hears of it', async () => {
    const agent = await world.agentWith();
    await world.pacs.stop();
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    await vi.waitFor(() => expect(agent.way.counts().deliveries.pending).toBe(2));
    await sendKeyObject(agent.port, note('n1', '113038'));
    await vi.waitFor(() => expect(world.counted('result-withdrawn')).toBe(1));
    await world.restartPacs();
    // What comes behind it arrives: so would have what was withdrawn.
    await send(agent.port, mrSeries({ study: 'b', slices: 3 }));
    await world.arrived(2);
    await settled(agent);
    const patients = await Promise.all((await received(world.pacsFolder)).map(bytesOf));
    expect(patients.map((one) => dicomParser.parseDicom(one).string('x00100020'))).toEqual(['P-b', 'P-b']);
  });

  it('stop a job that runs with them; what it would have made is nobody’s', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 400 }));
    await vi.waitFor(() => expect(world.counted('job-started')).toBe(1), { interval: 1 });
    const all = Array.from({ length: 400 }, (_, slice) => slice);
    await sendKeyObject(agent.port, note('n1', '113001', all));
    await vi.waitFor(() => expect(world.counted('result-withdrawn')).toBeGreaterThan(0));
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('rejected');
    // On a slow day the job was done before the note: then what the PACS has of it is taken back.
    const lines = await received(world.pacsFolder);
    const isNote = (line: Received): boolean => line.sopClassUid === sopClasses.keyObjectSelection;
    const notes = await Promise.all(lines.filter(isNote).map(async (line) => readKeyObject(await bytesOf(line))));
    const named = notes.flatMap((one) => (one.ok ? one.value.references : []));
    const results = lines.filter((line) => !isNote(line)).map(({ sopInstanceUid }) => sopInstanceUid);
    expect(named).toEqual(expect.arrayContaining(results));
  });

  it('whose time is over at the source take nothing back', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    await world.arrived(2);
    await sendKeyObject(agent.port, note('n1', '113039'));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(1));
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('inferred');
    expect(await received(world.pacsFolder)).toHaveLength(2);
  });
});

describe('a series of which some images are rejected', () => {
  it('is refused, and says so, until others come in their place; a second note about them changes nothing', async () => {
    const agent = await world.agentWith();
    await send(agent.port, mrSeries({ study: 'a', slices: 5 }));
    await world.arrived(2);
    await settled(agent);
    // Without its first slice it would be a smaller volume without a gap.
    await sendKeyObject(agent.port, note('n1', '113001', [0]));
    const told = (await world.arrived(4)).slice(2);
    expect(classes(told)).toEqual([sopClasses.keyObjectSelection, sopClasses.comprehensiveSr].toSorted());
    const refusal = (await bytesOf(newest(told, sopClasses.comprehensiveSr))).toString('latin1');
    expect(refusal).toContain(
      'series-partly-rejected: 1 of 5 images of the series were rejected, 0 came in their place',
    );
    await settled(agent);
    await send(agent.port, mrSeries({ study: 'a', from: 5, slices: 1 }));
    const again = (await world.arrived(6)).slice(4);
    expect(classes(again)).toEqual(segmentationAndReport);
    const report = (await bytesOf(newest(again, sopClasses.comprehensiveSr))).toString('latin1');
    expect([report.includes(testUid('a', 'one', 5)), report.includes(testUid('a', 'one', 0))]).toEqual([true, false]);
    await settled(agent);
    await sendKeyObject(agent.port, note('n2', '113001', [0]));
    await vi.waitFor(() => expect(world.counted('rejection-noted')).toBe(2));
    await settled(agent);
    expect(agent.way.studies(1)[0]?.state).toBe('inferred');
    expect(await received(world.pacsFolder)).toHaveLength(6);
  });
});

describe('a power cut while results are taken back', () => {
  it.each(['rejection-noted', 'withdrawal-noted'])('at %s sends one note', async (name) => {
    const options = {
      dataDir: join(world.folder, 'data'),
      destinations: [{ name: 'pacs', port: world.pacs.port }],
      releases: [world.release],
    };
    const env = { COLLIMATOR_KILL_AT: name, COLLIMATOR_KILL_MARKER: join(world.folder, 'killed') };
    let program: Program = await startAgentProgram(options, env);
    world.endWith(() => program.stop());
    await send(program.port, mrSeries({ study: 'a', slices: 5 }));
    await world.arrived(2);
    const died = new Promise((resolve) => program.child.once('exit', resolve));
    // The cut may come before the association is released; it cannot come before the note is stored.
    await sendKeyObject(program.port, note('n1', '113001')).catch(() => undefined);
    await died;
    program = await startAgentProgram(options, env);
    const lines = await world.arrived(3);
    await send(program.port, mrSeries({ study: 'b', slices: 3 }));
    const all = await world.arrived(5);
    expect(lines.filter((line) => line.sopClassUid === sopClasses.keyObjectSelection)).toHaveLength(1);
    expect(all.filter((line) => line.sopClassUid === sopClasses.keyObjectSelection)).toHaveLength(1);
  });
});
