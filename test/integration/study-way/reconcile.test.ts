import { mkdirSync } from 'node:fs';
import { copyFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { mrSeries, send } from './mr-series.ts';
import { createStudyWorld, settled, type StudyWorld } from './study-world.ts';

let world: StudyWorld;
beforeEach(async () => {
  world = await createStudyWorld();
});
afterEach(() => world.close());

const data = (...names: string[]): string => join(world.folder, 'data', ...names);
const stored = async (): Promise<string[]> =>
  (await readdir(data('studies'), { recursive: true })).filter((name) => name.endsWith('.dcm')).toSorted();
/** As it would be after a crash some time ago. */
const old = (file: string): Promise<void> => utimes(file, 1, 1);

it('a start takes into the list what a crash left in the quarantine, and it counts in the bounds', async () => {
  const first = await world.agentWith({ dataDir: join(world.folder, 'other'), releases: [] });
  await send(first.port, mrSeries({ study: 'a', slices: 2 }));
  await send(first.port, mrSeries({ study: 'b', slices: 1, patient: 'MENDED' }));
  await first.close();
  const before = await world.agentWith({ releases: [] });
  await send(before.port, mrSeries({ study: 'a', slices: 1 }));
  await send(before.port, mrSeries({ study: 'b', slices: 1, patient: 'WRONG' }));
  await before.close();
  const from = join(world.folder, 'other', 'studies');
  const found = (await readdir(from, { recursive: true })).filter((name) => name.endsWith('.dcm'));
  expect(found).toHaveLength(3);
  // One is stored, one is not, one conflicts and has its note. Besides them, a note without an object and no object of ours.
  for (const [i, name] of found.entries()) {
    await copyFile(join(from, name), data('quarantine', `${i}.dcm`));
    await writeFile(data('quarantine', `${i}.json`), JSON.stringify({ code: 'dicom-instance-conflict', why: 'other' }));
  }
  await writeFile(data('quarantine', 'note.json'), '{"code":');
  await writeFile(data('quarantine', 'odd.dcm'), 'neither this nor that');
  world.events.length = 0;

  const agent = await world.agentWith({ releases: [] });
  const told = world.events.filter(({ name }) => name === 'quarantine-file-without-row');
  expect(told.map(({ fields }) => String(fields?.['found'])).toSorted()).toEqual([
    ...['adopted', 'adopted', 'adopted'],
    ...['copy-removed', 'note-removed'],
  ]);
  const kept = agent.way.quarantine.kept(9);
  expect(kept.map(({ code, acknowledged }) => `${code} ${acknowledged}`).toSorted()).toEqual([
    'dicom-file-unindexed 0',
    'dicom-instance-conflict 0',
    'dicom-instance-conflict 1',
  ]);
  expect(agent.way.policyFigures().quarantine.entries).toBe(3);
  expect(agent.way.heldStudies()).toBe(1);
  expect(await readdir(data('quarantine'))).toHaveLength(2 + 2 + 1);
  // What holds nothing answers for nobody: the object that is not stored is taken when it comes.
  await send(agent.port, mrSeries({ study: 'a', slices: 2 }));
  expect(await stored()).toHaveLength(3);
});

it('a start tells what is missing, takes up what it can, and sets the rest aside', async () => {
  // A study as it lies on the disk, from an appliance that knows it.
  const other = await world.agentWith({ dataDir: join(world.folder, 'other') });
  await send(other.port, mrSeries({ study: 'b', slices: 2 }));
  await other.close();
  const first = await world.agentWith();
  await send(first.port, mrSeries({ study: 'a', slices: 3 }));
  await world.arrived(2);
  await settled(first);
  await first.close();

  const [gone = '', twice = ''] = await stored();
  await rm(data('studies', gone));
  const copy = data('studies', twice.replace('.dcm', '-copy.dcm'));
  await copyFile(data('studies', twice), copy);
  const unreadable = data('studies', dirname(twice), 'x.dcm');
  await writeFile(unreadable, 'neither this nor that');
  const from = join(world.folder, 'other', 'studies');
  const unknown = (await readdir(from, { recursive: true })).filter((name) => name.endsWith('.dcm'));
  for (const name of unknown) {
    mkdirSync(dirname(data('studies', name)), { recursive: true });
    await copyFile(join(from, name), data('studies', name));
    await old(data('studies', name));
  }
  for (const file of [copy, unreadable]) await old(file);
  world.events.length = 0;

  const agent = await world.agentWith();
  await vi.waitFor(() => expect(world.counted('studies-compared')).toBe(1));
  const told = (name: string) => world.events.filter((event) => event.name === name).map(({ fields }) => fields);
  expect(told('study-files-missing')).toEqual([{ study: 1, files: 1 }]);
  expect(told('file-without-row').map((fields) => fields?.['found'])).toEqual(
    expect.arrayContaining(['copy-removed', 'set-aside', 'indexed', 'indexed']),
  );
  expect(told('studies-compared')).toMatchObject([{ missing: 1, indexed: 2, set_aside: 1 }]);
  expect(agent.way.quarantine.kept(9)).toMatchObject([{ code: 'dicom-file-unindexed', acknowledged: 0 }]);
  expect(await stored()).toHaveLength(2 + 2);
  // Sending the study again puts right what is missing, and the study that was found goes its way.
  await send(agent.port, mrSeries({ study: 'a', slices: 3 }));
  expect(await stored()).toHaveLength(3 + 2);
  await world.arrived(4);
  await settled(agent);
  await agent.close();

  world.events.length = 0;
  await world.agentWith();
  await vi.waitFor(() => expect(world.counted('studies-compared')).toBe(1));
  expect(told('studies-compared')).toMatchObject([{ missing: 0, indexed: 0, set_aside: 0 }]);
});
