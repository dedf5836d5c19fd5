import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { encodeDataSet } from '../../result/elements/encode-dataset.ts';
import { text, uid } from '../../result/elements/element.ts';
import { sweepIncoming } from './data-folders.ts';
import { placeOf, relativePath } from './instance-path.ts';
import { createIntake, type Intake } from '../intake.ts';

let folder: string;
let store: Store;
let intake: Intake;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orphan-'));
  await sweepIncoming(folder);
  const migrations = new URL('../../../store/migrations/', import.meta.url);
  store = await openStore({ file: join(folder, 'agent.sqlite'), migrations });
  const ignore = (): void => undefined;
  intake = createIntake({
    ...{ store, dataDir: folder, now: Date.now, patientKey: () => 'k', conflicts: 'quarantine', limits: {} },
    ...{ quarantineKeep_ms: 1_000_000, onStored: ignore, onEvent: ignore, onDecided: ignore, onRemovalFailed: ignore },
  });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

const uids = { sopInstanceUid: '1.2.3', studyInstanceUid: '1.2', seriesInstanceUid: '1.2.1' };
const request = {
  sopClassUid: sopClasses.mrImage,
  sopInstanceUid: uids.sopInstanceUid,
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  ...{ callingAeTitle: 'A', calledAeTitle: 'B', remoteAddress: '127.0.0.1', associationId: 'x' },
};
const image = (patient: string): Uint8Array =>
  encodeDataSet([
    uid(0x00080016, sopClasses.mrImage),
    uid(0x00080018, uids.sopInstanceUid),
    text(0x00100020, 'LO', patient),
    uid(0x0020000d, uids.studyInstanceUid),
    uid(0x0020000e, uids.seriesInstanceUid),
    text(0x00280004, 'CS', 'MONOCHROME2'),
    text(0x00400007, 'LO', 'x'),
  ]);

async function send(dataSet: Uint8Array): Promise<number> {
  const begun = await intake.sink.begin(request);
  if (!begun.ok) return begun.error.status;
  await begun.value.write(dataSet);
  return (await begun.value.commit()).status;
}

it('a file that was sent again while the disk was compared stays: its sender was told success', async () => {
  const path = relativePath(placeOf(uids));
  expect(await send(image('P1'))).toBe(0);
  // The comparison listed this file when the index did not have it yet, and comes to it only now.
  expect(await intake.takeUp(path)).toBe('indexed');
  expect((await readFile(join(folder, path))).includes('P1')).toBe(true);
});

it('a repeat of a conflicting copy that a start had set aside is set aside itself, and holds its study', async () => {
  expect(await send(image('P1'))).toBe(0);
  const path = relativePath(placeOf(uids));
  const stray = path.replace('.dcm', '-crash.dcm');
  const sample = await readFile(join(folder, path));
  await mkdir(dirname(join(folder, stray)), { recursive: true });
  await writeFile(join(folder, stray), Buffer.from(sample.toString('latin1').replace('P1', 'P2'), 'latin1'));
  expect(await intake.takeUp(stray)).toBe('set-aside');
  expect(await send(image('P2'))).toBe(0);
  const kept = intake.desk.kept(9);
  expect(kept.map(({ acknowledged }) => acknowledged)).toEqual([1, 0]);
  expect(intake.desk.holds(kept[0]?.entryId ?? 0)).toHaveLength(1);
  expect(await readdir(join(folder, 'incoming'))).toEqual([]);
});

it('the last copy of an image takes the place of the file that is missing', async () => {
  expect(await send(image('P1'))).toBe(0);
  const path = relativePath(placeOf(uids));
  const stray = path.replace('.dcm', '-crash.dcm');
  const bytes = await readFile(join(folder, path));
  await rename(join(folder, path), join(folder, stray));
  expect(await intake.takeUp(stray)).toBe('indexed');
  expect(await readFile(join(folder, path))).toEqual(bytes);
  expect(await readdir(dirname(join(folder, path)))).toHaveLength(1);
});
