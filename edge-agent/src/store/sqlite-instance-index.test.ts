import { describe, expect, it } from 'vitest';
import type { OpenStudy } from '../study/assemble/complete/completion.ts';
import { forgetPatientKeys } from './sqlite-instance-index.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqliteQuarantine } from './sqlite-quarantine.ts';
import { createSqliteStudies } from './sqlite-studies.ts';
import {
  aResult,
  complete,
  header,
  infer,
  inStudyStore,
  move,
  now,
  plan,
  planned,
  record,
  setNow,
  store,
  stored,
} from './testing/study-store-world.ts';

inStudyStore();

describe('the index of instances', () => {
  it('stores once, knows a duplicate, and tells a conflict apart', async () => {
    expect(await record('1', '1.1', '1.1.1')).toBe('stored');
    expect(await record('1', '1.1', '1.1.1')).toBe('duplicate');
    expect(await record('1', '1.1', '1.1.1', { dataSetSha256: 'other' })).toBe('conflict');
    expect(stored).toHaveLength(1);
    await record('2', '2.1', '2.1.1');
    expect(store.all('SELECT id FROM studies UNION ALL SELECT id FROM series ORDER BY id')).toEqual(
      [1, 1, 2, 2].map((id) => ({ id })),
    );
  });

  it('stores an instance once when many associations bring it at the same moment', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => record('1', '1.1', '1.1.1')));
    expect(outcomes.filter((one) => one === 'stored')).toHaveLength(1);
    expect(outcomes.filter((one) => one === 'duplicate')).toHaveLength(19);
  });

  it('opens no study for results of ours, by their UID or by their creator, and keeps none open', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    const row = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
    await infer(row, [aResult('9.9')]);
    expect(await record('1', '1.2', '9.9')).toBe('stored');
    const creator = '2.25.314837293813123754999221067831180853862';
    expect(await record('2', '2.1', '2.1.1', { instanceCreatorUid: creator })).toBe('stored');
    expect(stored.map(({ own }) => own)).toEqual([false, true, true]);
    expect(createSqliteStudies(store).open(10)).toEqual([]);
  });

  it('keeps the times of the open revision apart from those of the last', async () => {
    setNow(1_000);
    await record('1', '1.1', '1.1.1');
    setNow(2_000);
    await record('1', '1.1', '1.1.2');
    const studies = createSqliteStudies(store);
    expect(studies.open(1)).toMatchObject([{ firstReceived_ms: 1_000, lastReceived_ms: 2_000, revision: 0 }]);
    await complete(() => plan([]));
    expect(studies.open(1)).toEqual([]);
    setNow(9_000);
    await record('1', '1.1', '1.1.3');
    expect(studies.open(1)).toMatchObject([{ firstReceived_ms: 9_000, lastReceived_ms: 9_000, revision: 1 }]);
  });
});

describe('who the patient is', () => {
  const other = { patient: { id: 'P2', issuer: '', name: '', birthDate: '' } };

  it('is told for each series, as is a series UID in two studies', async () => {
    await record('1', '1.1', '1.1.1');
    await record('1', '1.1', '1.1.2', other);
    await record('1', '1.2', '1.2.1');
    await record('2', '1.2', '1.2.2', other);
    const series = createSqliteStudies(store).series(1, 99);
    expect(series.map(({ patientKeys, studies }) => [patientKeys, studies])).toEqual([
      [['key of P1', 'key of P2'], 1],
      [['key of P1'], 2],
    ]);
    const jobs = createSqliteJobs(store);
    const row = { seriesId: 1, seriesThrough: 99 } as JobRow;
    expect(jobs.images(row)).toHaveLength(2);
    expect(jobs.sources(row, 'studies/1.1.2.dcm').map(({ sopInstanceUid }) => sopInstanceUid)).toEqual(['1.1.2']);
    await forgetPatientKeys(store);
    expect(createSqliteStudies(store).oneSeries(1, 99).patientKeys).toEqual([]);
  });

  it('being unclear refuses a series once for the same images, and not once they are put right', async () => {
    await record('1', '1.1', '1.1.1');
    const studies = createSqliteStudies(store);
    const jobs = createSqliteJobs(store);
    const [open] = studies.open(1) as [OpenStudy];
    const series = studies.series(open.studyId, open.lastInstanceId);
    const refused = { ...planned(1, 1), code: 'study-patients-mixed', detail: '2 patients' } as const;
    expect(studies.wasRefused(refused)).toBe(false);
    await studies.complete(open, 1, series, plan([]), [refused], now);
    expect(studies.wasRefused(refused)).toBe(true);
    expect(studies.wasRefused({ ...refused, seriesThrough: 2 })).toBe(false);
    expect(series.map((one) => studies.hasJob(one, 'a'))).toEqual([false]);
    const failure = { class: 'permanent', code: 'study-patients-mixed', detail: '2 patients' };
    expect(jobs.failedWithoutReport(1)).toMatchObject([{ job: { failure } }]);
  });
});

describe('the same bytes again', () => {
  it('are not known from a copy that was refused: nobody is held for that one, and it makes way', async () => {
    const quarantine = createSqliteQuarantine(store, () => now);
    const entry = {
      ...header('1', '1.1', '1.1.1'),
      ...{ file: 'x', code: 'dicom-file-unindexed' as const, why: '', studyInstanceUid: undefined },
    };
    await quarantine.add({ ...entry, acknowledged: false });
    expect(quarantine.before('1.1.1', 'sha of 1.1.1')).toBeUndefined();
    await quarantine.add({ ...entry, file: 'y', acknowledged: true });
    expect(quarantine.before('1.1.1', 'sha of 1.1.1')).toBe('kept');
  });
});
