import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSliceReader } from '../decode/slice-reader.ts';
import { bytes, sequenceOf, text, uid } from '../result/elements/element.ts';
import { part10File } from '../result/elements/part10-file.ts';
import { keepSubject } from './keep-subject.ts';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'keep-subject-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

const identity = { sopClassUid: sopClasses.comprehensiveSr, sopInstanceUid: '2.25.1' };
const result = part10File(identity, [
  bytes(0x00080005, 'CS', Buffer.from('ISO_IR 144')),
  // Cyrillic in ISO 8859-5.
  bytes(0x00100010, 'PN', Buffer.from([0xbb, 0xee, 0xda, 0x5e, 0xb8])),
  text(0x00100020, 'LO', 'P-1'),
  sequenceOf(0x00101002, [[text(0x00100020, 'LO', 'OTHER')]]),
  uid(0x0020000d, '2.25.2'),
]);
const put = async (path: string, content: Uint8Array): Promise<void> => {
  await mkdir(dirname(join(dataDir, path)), { recursive: true });
  await writeFile(join(dataDir, path), content);
};
const aResult = {
  ...{ object: 'SR' as const, ordinal: 1, seriesInstanceUid: '2.25.3', destinations: ['pacs'] },
  ...identity,
};

it('keeps patient and study byte for byte, from the first result that can be read, and is told of before it is there', async () => {
  const reader = await createSliceReader();
  await put('results/1/b.dcm', result);
  await put('results/1/a.dcm', Buffer.from('no DICOM'));
  const told: string[] = [];
  const about = async (path: string): Promise<void> => {
    told.push(path);
    expect((await reader.readSubject(join(dataDir, path))).ok).toBe(false);
  };
  const job = { jobId: 7, results: [aResult, aResult], files: ['results/1/a.dcm', 'results/1/b.dcm'] };
  const kept = await keepSubject(job, { withdrawable: { about }, reader, dataDir });
  expect([kept.subjectPath, told]).toEqual(['withdrawable/7.dcm', ['withdrawable/7.dcm']]);
  const before = await reader.readSubject(join(dataDir, 'results/1/b.dcm'));
  expect(before.ok ? before.value.length : 0).toBe(5);
  expect(await reader.readSubject(join(dataDir, kept.subjectPath))).toEqual(before);
});

it('says so when there is nothing to read it from', async () => {
  const deps = { withdrawable: { about: async () => undefined }, reader: await createSliceReader(), dataDir };
  const job = { jobId: 7, results: [aResult], files: ['results/1/a.dcm'] };
  await expect(keepSubject(job, deps)).rejects.toThrow('image-unreadable');
});
