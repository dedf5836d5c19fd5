import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Release } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { SqlValue, Store } from '@collimator/shared/sqlite/store';
import type { OpenStudy } from '../study/assemble/completion.ts';
import type { JobPlan, PlannedJob } from '../study/assemble/plan-jobs.ts';
import { type Job, step } from '../study/queue/job-state.ts';
import type { InstanceHeader } from '../study/receive/instance-header.ts';
import { commitmentRequestSql, createSqliteCommitmentRequests } from './sqlite-commitment-requests.ts';
import { commitmentSql, createSqliteCommitments } from './sqlite-commitments.ts';
import { createSqliteDeliveries, deliverySql } from './sqlite-deliveries.ts';
import { createSqliteHolds, holdSql } from './sqlite-holds.ts';
import { createSqliteInstanceIndex, forgetPatientKeys, instanceSql } from './sqlite-instance-index.ts';
import type { DeliveryRow } from './delivery-row.ts';
import { rejectedSql } from './rejected-images.ts';
import { keyObjectSql } from './sqlite-key-objects.ts';
import { createSqliteJobs, jobSql, type JobRow, type StoredResult } from './sqlite-jobs.ts';
import { createSqliteKeyObjects } from './sqlite-key-objects.ts';
import { createSqliteQuarantine, quarantineSql } from './sqlite-quarantine.ts';
import { createSqliteRemovals, removalSql } from './sqlite-removals.ts';
import { createSqliteRetention, type RemovableStudy, retentionSql } from './sqlite-retention.ts';
import { retryStudy } from './sqlite-retries.ts';
import { createSqliteRunReleases, runReleaseSql } from './sqlite-run-releases.ts';
import { storedStudySql } from './sqlite-stored-studies.ts';
import { sourceReleaseSql } from './sqlite-source-releases.ts';
import { createSqliteStudies, studySql } from './sqlite-studies.ts';
import { createSqliteWithdrawals } from './sqlite-withdrawals.ts';
import { createSqliteStudyList, quantiles, studyListSql } from './sqlite-study-list.ts';

let folder: string;
let store: Store;
let now = 1_000;
const stored: { id: number; own: boolean }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'study-store-'));
  await reopen();
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
  stored.length = 0;
});

async function reopen(): Promise<void> {
  store = await openStore({
    file: join(folder, 'agent.sqlite'),
    migrations: new URL('./migrations/', import.meta.url),
  });
}

const header = (
  study: string,
  series: string,
  instance: string,
  more: Partial<InstanceHeader> = {},
): InstanceHeader => ({
  sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
  sopInstanceUid: instance,
  studyInstanceUid: study,
  seriesInstanceUid: series,
  frameOfReferenceUid: null,
  instanceCreatorUid: null,
  patient: { id: 'P1', issuer: '', name: 'A^B', birthDate: '' },
  modality: 'MR',
  bodyPart: null,
  seriesDescription: 'T1',
  instanceNumber: 1,
  rows: 1,
  columns: 1,
  numberOfFrames: null,
  imagePosition_mm: null,
  imageOrientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing_mm: null,
  sliceThickness_mm: null,
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  dataSetSha256: `sha of ${instance}`,
  dataSetBytes: 1,
  callingAeTitle: 'A',
  calledAeTitle: 'B',
  remoteAddress: '127.0.0.1',
  associationId: 'x',
  ...more,
});

const index = () =>
  createSqliteInstanceIndex({
    store,
    now: () => now,
    patientKey: ({ id }) => `key of ${id}`,
    onStored: (id, own) => stored.push({ id, own }),
  });
const record = (...args: Parameters<typeof header>) => index().record(header(...args), `studies/${args[2]}.dcm`);

const planned = (seriesId: number, through: number, more: Partial<PlannedJob> = {}): PlannedJob => ({
  seriesId,
  seriesThrough: through,
  slices: 1,
  releaseName: 'a',
  releaseVersion: '1.0.0',
  releaseSha256: 'sha-a',
  priority: 2,
  routes: ['a'],
  ...more,
});
const plan = (jobs: readonly PlannedJob[], waits: readonly string[] = []): JobPlan => ({ jobs, waits, decisions: [] });

/** Takes in the only open study, with the jobs that are made of its series. */
async function complete(makeJobs: (seriesId: number, through: number) => JobPlan): Promise<number> {
  const studies = createSqliteStudies(store);
  const [open] = studies.open(1) as [OpenStudy];
  const series = studies.series(open.studyId, open.lastInstanceId);
  const plans = series.map(({ seriesId, through }) => makeJobs(seriesId, through));
  const whole = plan(
    plans.flatMap(({ jobs }) => jobs),
    plans[0]?.waits,
  );
  return studies.complete(open, open.revision + 1, series, whole, [], now);
}

const aResult = (sopInstanceUid: string): StoredResult => ({
  ...{ object: 'SEG', sopClassUid: '1', transferSyntaxUid: '1', path: 'p', sha256: 's', seriesInstanceUid: '1' },
  sopInstanceUid,
  destinations: ['pacs'],
});

const move = async (row: JobRow, ...events: Parameters<typeof step>[1][]): Promise<JobRow> => {
  let job: Job = row.job;
  for (const event of events) {
    const next = step(job, event);
    if (!next.ok) throw new Error(next.error);
    await createSqliteJobs(store).move({ ...row, job }, next.value, now);
    job = next.value;
  }
  return { ...row, job };
};

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
    const row = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
    const inferred = step(row.job, { type: 'inferred' });
    if (!inferred.ok) throw new Error(inferred.error);
    const result = { object: 'SEG' as const, sopClassUid: '1', transferSyntaxUid: '1', path: 'p', sha256: 's' };
    await jobs.finish(
      row,
      inferred.value,
      [{ ...result, seriesInstanceUid: '1', sopInstanceUid: '9.9', destinations: ['pacs'] }],
      undefined,
      now,
    );
    expect(await record('1', '1.2', '9.9')).toBe('stored');
    const creator = '2.25.314837293813123754999221067831180853862';
    expect(await record('2', '2.1', '2.1.1', { instanceCreatorUid: creator })).toBe('stored');
    expect(stored.map(({ own }) => own)).toEqual([false, true, true]);
    expect(createSqliteStudies(store).open(10)).toEqual([]);
  });

  it('keeps the times of the open revision apart from those of the last', async () => {
    now = 1_000;
    await record('1', '1.1', '1.1.1');
    now = 2_000;
    await record('1', '1.1', '1.1.2');
    const studies = createSqliteStudies(store);
    expect(studies.open(1)).toMatchObject([{ firstReceived_ms: 1_000, lastReceived_ms: 2_000, revision: 0 }]);
    await complete(() => plan([]));
    expect(studies.open(1)).toEqual([]);
    now = 9_000;
    await record('1', '1.1', '1.1.3');
    expect(studies.open(1)).toMatchObject([{ firstReceived_ms: 9_000, lastReceived_ms: 9_000, revision: 1 }]);
  });
});

describe('jobs', () => {
  it('come with the revision or not at all, and survive a restart', async () => {
    await record('1', '1.1', '1.1.1');
    await expect(
      complete((seriesId, through) => plan([planned(seriesId, through), planned(seriesId, through)])),
    ).rejects.toMatchObject({
      code: 'store-conflict',
    });
    expect(createSqliteStudies(store).open(1)).toHaveLength(1);
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    await store.close();
    await reopen();
    expect(createSqliteStudies(store).open(1)).toEqual([]);
    expect(createSqliteJobs(store).counts()).toEqual({ queued: 1, running: 0 });
  });

  it('are given out by priority, then by arrival, and only to who has their release', async () => {
    const priorities = [2, 0, 3, 1, 0];
    for (const [i, priority] of priorities.entries()) {
      await record(`${i}`, `${i}.1`, `${i}.1.1`);
      await complete((seriesId, through) => plan([planned(seriesId, through, { priority })]));
    }
    const jobs = createSqliteJobs(store);
    expect(jobs.next(['sha-b'], now)).toBeUndefined();
    const order: number[] = [];
    for (let row = jobs.next(['sha-a'], now); row !== undefined; row = jobs.next(['sha-a'], now)) {
      order.push(row.jobId);
      await move(row, { type: 'started' });
    }
    expect(order).toEqual([2, 5, 4, 1, 3]);
  });

  it('wait after a failure for as long as they are told to', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    const failure = { type: 'attempt-failed', how: 'crashed', code: 'x', detail: 'y', at_ms: 5_000 } as const;
    await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' }, failure);
    expect(jobs.next(['sha-a'], 5_999)).toBeUndefined();
    expect(jobs.nextDue_ms(5_999)).toBe(6_000);
    expect(jobs.next(['sha-a'], 6_000)).toMatchObject({ job: { attempts: 1, starts: 1 } });
  });

  it('cannot be moved by someone who read an older state', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const row = createSqliteJobs(store).next(['sha-a'], now) as JobRow;
    await move(row, { type: 'started' });
    await expect(move(row, { type: 'started' })).rejects.toMatchObject({ code: 'store-conflict' });
  });

  it('that wait in the queue are superseded by a later revision of the same series', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    await record('1', '1.1', '1.1.2');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    expect(jobs.get(1)?.job.state).toBe('superseded');
    expect(jobs.next(['sha-a'], now)?.jobId).toBe(2);
    expect(jobs.images(jobs.get(1) as JobRow)).toEqual(['studies/1.1.1.dcm']);
    expect(jobs.images(jobs.get(2) as JobRow)).toEqual(['studies/1.1.1.dcm', 'studies/1.1.2.dcm']);
  });

  it("that tell of a study which nothing took wait for their report, and are in no job's way", async () => {
    await record('1', '1.1', '1.1.1');
    const studies = createSqliteStudies(store);
    const jobs = createSqliteJobs(store);
    const [open] = studies.open(1) as [OpenStudy];
    const series = studies.series(open.studyId, open.lastInstanceId);
    const unmatched = { ...planned(1, 1), code: 'study-unmatched', detail: 'modality (1)' } as const;
    const revision = await studies.complete(open, 1, series, plan([], ['b']), [unmatched], now);
    const failure = { class: 'permanent', code: 'study-unmatched', detail: 'modality (1)' };
    expect(jobs.failedWithoutReport(10)).toMatchObject([{ releaseSha256: 'sha-a', job: { state: 'failed', failure } }]);
    expect(jobs.next(['sha-a'], now)).toBeUndefined();
    expect(series.map((one) => studies.hasJob(one, 'a'))).toEqual([false]);
    expect(createSqliteStudyList(store).recent(1)).toMatchObject([{ state: 'waiting', failure: 'study-unmatched' }]);
    await studies.takeUp(revision, 'b', plan([]), [{ ...unmatched, releaseName: 'b', releaseSha256: 'sha-b' }], now);
    expect(jobs.failedWithoutReport(10)).toHaveLength(2);
    expect(createSqliteStudyList(store).recent(1)).toMatchObject([{ state: 'not-selected' }]);
  });

  it('are reported under the release that they were made for, also after a restart', async () => {
    const release = { name: 'a', version: '1.0.0' } as unknown as Release;
    await createSqliteRunReleases(store).remember('sha-a', release);
    await createSqliteRunReleases(store).remember('sha-a', release);
    await store.close();
    await reopen();
    expect(createSqliteRunReleases(store).get('sha-a')).toEqual(release);
    expect(createSqliteRunReleases(store).get('sha-b')).toBeUndefined();
  });

  it('of a revision that waited are made once', async () => {
    await record('1', '1.1', '1.1.1');
    await complete(() => plan([], ['a']));
    const studies = createSqliteStudies(store);
    const [waiting] = studies.waiting('a', 10);
    expect(waiting).toMatchObject({ revisionId: 1, studyId: 1, through: 1 });
    await studies.takeUp(1, 'a', plan([planned(1, 1)]), [], now);
    await expect(studies.takeUp(1, 'a', plan([planned(1, 1)]), [], now)).rejects.toMatchObject({
      code: 'store-conflict',
    });
    expect(studies.waiting('a', 10)).toEqual([]);
    expect(createSqliteJobs(store).counts().queued).toBe(1);
  });
});

describe('a study that is held', () => {
  const conflict = { kind: 'conflict', cause: 'quarantine 1', detail: 'other content' } as const;

  it('is not complete, and goes on with what it has when the last hold is released, also after a restart', async () => {
    await record('1', '1.1', '1.1.1');
    const studies = createSqliteStudies(store);
    const [open] = studies.open(1) as [OpenStudy];
    await createSqliteHolds(store).place(1, conflict, 5);
    await createSqliteHolds(store).place(1, conflict, 6);
    await createSqliteHolds(store).place(1, { ...conflict, kind: 'rejection' }, 7);
    await store.close();
    await reopen();
    const holds = createSqliteHolds(store);
    expect(holds.of(1)).toMatchObject([
      { ...conflict, studyId: 1, since_ms: 5 },
      { kind: 'rejection', since_ms: 7 },
    ]);
    expect(holds.count()).toBe(1);
    expect(createSqliteStudies(store).open(1)).toEqual([]);
    await expect(createSqliteStudies(store).complete(open, 1, [], plan([]), [], now)).rejects.toMatchObject({
      code: 'store-conflict',
    });
    expect(createSqliteStudyList(store).recent(1)).toMatchObject([{ state: 'held', holds: [{}, {}] }]);
    expect(await holds.release(1, 'conflict', 'quarantine 1', 8)).toBe(true);
    expect(await holds.release(1, 'conflict', 'quarantine 1', 8)).toBe(false);
    expect(holds.isHeld(1)).toBe(true);
    await holds.release(1, 'rejection', 'quarantine 1', 8);
    expect(createSqliteStudies(store).open(1)).toHaveLength(1);
  });

  it('starts no job that is queued, takes up none that waited, and sends no result', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) =>
      plan([planned(seriesId, through), planned(seriesId, through, { releaseSha256: 'sha-b' })], ['c']),
    );
    const jobs = createSqliteJobs(store);
    const running = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
    const holds = createSqliteHolds(store);
    await holds.place(1, conflict, now);
    const inferred = step(running.job, { type: 'inferred' });
    if (!inferred.ok) throw new Error(inferred.error);
    const result = { object: 'SEG' as const, sopClassUid: '1', transferSyntaxUid: '1', path: 'p', sha256: 's' };
    await jobs.finish(
      running,
      inferred.value,
      [{ ...result, seriesInstanceUid: '1', sopInstanceUid: '9.9', destinations: ['pacs'] }],
      undefined,
      now,
    );
    const deliveries = createSqliteDeliveries(store);
    const studies = createSqliteStudies(store);
    expect(jobs.next(['sha-b'], now)).toBeUndefined();
    expect(studies.waiting('c', 1)).toEqual([]);
    expect(deliveries.due('pacs', now, 1)).toEqual([]);
    expect(deliveries.nextDue_ms('pacs')).toBeUndefined();
    await holds.release(1, 'conflict', 'quarantine 1', now);
    expect(jobs.next(['sha-b'], now)?.jobId).toBe(2);
    expect(studies.waiting('c', 1)).toHaveLength(1);
    expect(deliveries.due('pacs', now, 1)).toHaveLength(1);
    expect(deliveries.nextDue_ms('pacs')).toBe(now);
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

describe('retention', () => {
  it('lets nothing go that something is still to be done for', async () => {
    await record('1', '1.1', '1.1.1');
    const retention = createSqliteRetention(store);
    expect(retention.oldestSettled([]), 'open').toBeUndefined();
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    expect(retention.oldestSettled([]), 'queued').toBeUndefined();
    const jobs = createSqliteJobs(store);
    const row = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
    expect(retention.oldestSettled([]), 'running').toBeUndefined();
    const inferred = step(row.job, { type: 'inferred' });
    if (!inferred.ok) throw new Error(inferred.error);
    await jobs.finish(row, inferred.value, [aResult('9.9')], undefined, now);
    expect(retention.oldestSettled([]), 'not sent').toBeUndefined();
    const deliveries = createSqliteDeliveries(store);
    await deliveries.sent(deliveries.due('pacs', now, 1)[0] as DeliveryRow, { status: 0 }, now);
    const settled = retention.oldestSettled([]);
    expect(settled).toMatchObject({ studyId: 1 });
    expect(retention.oldestSettled([1])).toBeUndefined();
    await createSqliteHolds(store).place(1, { kind: 'operator', cause: 'x', detail: '' }, now);
    expect(retention.oldestSettled([]), 'held').toBeUndefined();
    await expect(retention.letGo(settled as RemovableStudy)).rejects.toMatchObject({ code: 'store-conflict' });
  });

  it('takes a study out as a whole, notes its files, and still knows what was ours', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    const row = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
    const inferred = step(row.job, { type: 'inferred' });
    if (!inferred.ok) throw new Error(inferred.error);
    await jobs.finish(row, inferred.value, [{ ...aResult('9.9'), destinations: [] }], undefined, now);
    const retention = createSqliteRetention(store);
    const paths = await retention.letGo(retention.oldestSettled([]) as RemovableStudy);
    expect(paths).toEqual(['studies/1.1.1.dcm', 'results/1']);
    expect(createSqliteRemovals(store).pending('', 9)).toEqual(['results/1', 'studies/1.1.1.dcm']);
    for (const table of ['studies', 'series', 'instances', 'study_revisions', 'jobs', 'results', 'deliveries'])
      expect(store.all(`SELECT 1 FROM ${table}`), table).toEqual([]);
    await record('2', '2.1', '9.9');
    expect(stored.at(-1)?.own).toBe(true);
    expect(await record('1', '1.1', '1.1.1')).toBe('stored');
    expect(createSqliteRemovals(store).pending('', 9), 'the file of the new one stays').toEqual(['results/1']);
  });
});

/** A job whose SEG the PACS has and whose commitment is asked for, and whose SR it refused for good. */
async function halfDelivered(): Promise<{ readonly row: JobRow; readonly ids: readonly number[] }> {
  await record('1', '1.1', '1.1.1');
  await complete((seriesId, through) => plan([planned(seriesId, through)]));
  const jobs = createSqliteJobs(store);
  const row = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
  const inferred = step(row.job, { type: 'inferred' });
  if (!inferred.ok) throw new Error(inferred.error);
  await jobs.finish(row, inferred.value, [aResult('9.1'), { ...aResult('9.2'), object: 'SR' }], undefined, now);
  const deliveries = createSqliteDeliveries(store);
  const [seg, sr] = deliveries.due('pacs', now, 2) as [DeliveryRow, DeliveryRow];
  await deliveries.begin([seg, sr]);
  await deliveries.sent(seg, { status: 0 }, now, now);
  await deliveries.failed(sr, { class: 'permanent', code: 'delivery-refused', detail: '' });
  return { row, ids: deliveries.resultsOf([row.jobId]) };
}

const aNote = { ...aResult('9.3'), object: 'KOS' as const, path: 'withdrawals/1.dcm' };
const reject = async (jobId: number): Promise<void> => {
  const withdrawals = createSqliteWithdrawals(store);
  await store.write([{ sql: 'UPDATE jobs SET rejected_ms = ? WHERE id = ?', params: [now, jobId] }]);
  await withdrawals.done({ jobId, title: null }, aNote, now);
};

describe('a job that is tried again after its failure was told', () => {
  it('names the report that told it as its predecessor', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    const started = await move(jobs.next(['sha-a'], now) as JobRow, { type: 'started' });
    const why = { how: 'permanent', code: 'image-unreadable', detail: '', at_ms: now } as const;
    const failed = await move(started, { type: 'attempt-failed', ...why });
    await jobs.finish(failed, failed.job, [{ ...aResult('9.1'), object: 'SR' }], undefined, now);
    const deliveries = createSqliteDeliveries(store);
    await deliveries.begin(deliveries.due('pacs', now, 1));
    await retryStudy(store, 1, now);
    expect(jobs.predecessors(jobs.next(['sha-a'], now) as JobRow)).toMatchObject([{ sopInstanceUid: '9.1' }]);
    expect(jobs.predecessors(failed)).toEqual([]);
  });
});

describe('what is taken back', () => {
  it('is not sent again, neither by a retry nor because its commitment fails', async () => {
    const { row, ids } = await halfDelivered();
    const deliveries = createSqliteDeliveries(store);
    const commitments = createSqliteCommitments(store);
    const asked = commitments.wanted('pacs', now, 9);
    const id = await commitments.open('pacs', '2.1', asked, now + 1);
    expect((await deliveries.withdraw(ids, 'rejected')).arrived).toMatchObject([{ destination: 'pacs' }]);
    await reject(row.jobId);
    const steps = asked.map(({ deliveryId }) => ({
      deliveryId,
      step: { to: 'resend', reason: 0x0112, now_ms: now } as const,
    }));
    await commitments.settle(id, 'answered', steps);
    await retryStudy(store, 1, now);
    expect(deliveries.due('pacs', now, 9).map(({ object }) => object)).toEqual(['KOS']);
  });

  it('is told of also while the study is held, and the note goes with the study', async () => {
    const { row, ids } = await halfDelivered();
    const deliveries = createSqliteDeliveries(store);
    await deliveries.withdraw(ids, 'rejected');
    await reject(row.jobId);
    const holds = createSqliteHolds(store);
    await holds.place(1, { kind: 'operator', cause: 'x', detail: '' }, now);
    const [note] = deliveries.due('pacs', now, 9) as [DeliveryRow];
    expect(await deliveries.begin([note])).toHaveLength(1);
    await deliveries.sent(note, { status: 0 }, now);
    await holds.release(1, 'operator', 'x', now);
    const retention = createSqliteRetention(store);
    const paths = await retention.letGo(retention.oldestSettled([]) as RemovableStudy);
    expect(paths).toContain('withdrawals/1.dcm');
    expect(createSqliteRemovals(store).pending('', 9)).toContain('withdrawals/1.dcm');
  });

  it('stays told when the image is replaced by then', async () => {
    const { row, ids } = await halfDelivered();
    await createSqliteDeliveries(store).withdraw(ids, 'rejected');
    await reject(row.jobId);
    await index().replace(header('1', '1.1', '1.1.1', { dataSetSha256: 'other' }), 'studies/new.dcm');
    expect(createSqliteDeliveries(store).due('pacs', now, 9)).toMatchObject([{ object: 'KOS' }]);
  });

  it('is what was made of a replaced image, and of all its study when the new one names somebody else', async () => {
    await record('1', '1.1', '1.1.1');
    await record('1', '1.2', '1.2.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const withdrawals = createSqliteWithdrawals(store);
    await index().replace(header('1', '1.1', '1.1.1', { dataSetSha256: 'b' }), 'studies/b.dcm');
    expect(withdrawals.due(9)).toEqual([{ jobId: 1, title: null }]);
    const patient = { id: 'P2', issuer: '', name: 'A^B', birthDate: '' };
    await index().replace(header('1', '1.1', '1.1.1', { dataSetSha256: 'c', patient }), 'studies/c.dcm');
    expect(withdrawals.due(9)).toEqual([
      { jobId: 1, title: null },
      { jobId: 2, title: '113037' },
    ]);
  });
});

describe('a study with a key object that nobody has read', () => {
  it('is not let go', async () => {
    await record('1', '1.1', '1.1.1', { sopClassUid: sopClasses.keyObjectSelection });
    const retention = createSqliteRetention(store);
    expect(retention.oldestSettled([])).toBeUndefined();
    const keyObjects = createSqliteKeyObjects(store);
    for (const one of keyObjects.unread(1)) await keyObjects.read(one, undefined);
    expect(retention.oldestSettled([])).toBeDefined();
  });
});

describe('transactions on behalf of others', () => {
  it('keep no lane of ours awake, and only the last one for a request is open', async () => {
    const requests = createSqliteCommitmentRequests(store);
    await requests.add('1.5', 'A', [{ sopClassUid: '1', sopInstanceUid: '2' }], now);
    const commitments = createSqliteCommitments(store);
    await commitments.openFor(1, 'pacs', '2.1', now - 2);
    await commitments.openFor(1, 'pacs', '2.2', now - 1);
    expect(commitments.nextDue_ms('pacs')).toBeUndefined();
    expect(commitments.expired('pacs', now)).toEqual([]);
    expect(store.all(`SELECT transaction_uid AS uid FROM commitments WHERE state = 'open'`)).toEqual([{ uid: '2.2' }]);
    expect(commitments.byUid('2.1'), 'a late answer is still known').toMatchObject({ requestId: 1 });
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

describe('quantiles', () => {
  it.each([
    [[], { count: 0, p50: 0, p95: 0, max: 0 }],
    [[7], { count: 1, p50: 7, p95: 7, max: 7 }],
    [[3, 1, 2, 4], { count: 4, p50: 2, p95: 4, max: 4 }],
  ])('of %j', (values, expected) => {
    expect(quantiles(values)).toEqual(expected);
  });
});

describe('every hot query', () => {
  const parameters = (sql: string): SqlValue[] => Array.from(sql.matchAll(/\?/g), () => 1);

  it.each(
    Object.entries({
      ...studySql,
      ...jobSql,
      ...deliverySql,
      ...commitmentSql,
      ...commitmentRequestSql,
      ...holdSql,
      ...instanceSql,
      ...quarantineSql,
      ...removalSql,
      ...retentionSql,
      ...storedStudySql,
      ...studyListSql,
      ...sourceReleaseSql,
      ...keyObjectSql,
      ...rejectedSql,
      ...runReleaseSql,
    }),
  )('%s reads by an index and sorts nothing large', (_, sql) => {
    const steps = store
      .all<{ detail: string }>(
        `EXPLAIN QUERY PLAN ${sql}`,
        ...parameters(sql).map((value) => (sql.includes('json_each') && value === 1 ? '[]' : value)),
      )
      .map(({ detail }) => detail);
    const scans = steps.filter(
      (detail) => /^SCAN (?!json_each)/.test(detail) && !/USING (COVERING )?INDEX/.test(detail),
    );
    expect(scans).toEqual([]);
    expect(steps.filter((detail) => detail.includes('TEMP B-TREE FOR ORDER BY'))).toEqual([]);
  });

  it('has a plan that this test would refuse', () => {
    const steps = store.all<{ detail: string }>('EXPLAIN QUERY PLAN SELECT * FROM jobs WHERE slices = 1');
    expect(steps.map(({ detail }) => detail)).toEqual(['SCAN jobs']);
  });
});

describe('the study list', () => {
  it('tells states without a patient', async () => {
    await record('1', '1.1', '1.1.1');
    const list = createSqliteStudyList(store);
    expect(list.recent(10)).toMatchObject([{ state: 'receiving', images: 1, revision: 0 }]);
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    expect(list.recent(10)).toMatchObject([{ state: 'queued', release: 'a', revision: 1 }]);
    expect(list.latencies(10).first_image_to_result.count).toBe(0);
    expect(createSqliteDeliveries(store).pending()).toBe(0);
  });
});
