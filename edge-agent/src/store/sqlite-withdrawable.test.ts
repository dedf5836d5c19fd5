import { sopClasses } from '@collimator/shared/dicom/uids';
import { expect, it } from 'vitest';
import { createSqliteDeliveries } from './sqlite-deliveries.ts';
import { createSqliteJobs } from './sqlite-jobs.ts';
import { createSqliteKeyObjects } from './sqlite-key-objects.ts';
import { createSqliteRemovals } from './sqlite-removals.ts';
import { createSqliteRetention, type RemovableStudy } from './sqlite-retention.ts';
import { createSqliteStudyList } from './sqlite-study-list.ts';
import { createSqliteWithdrawable, type KeptJob } from './sqlite-withdrawable.ts';
import { createSqliteWithdrawals } from './sqlite-withdrawals.ts';
import {
  aResult,
  complete,
  header,
  index,
  infer,
  inStudyStore,
  move,
  now,
  plan,
  planned,
  record,
  store,
} from './testing/study-store-world.ts';

inStudyStore();

/** Runs every queued job, with a SEG at the PACS and an SR that it refused; what they are in `9.<job>.<1 or 2>`. */
async function deliverAll(): Promise<void> {
  const jobs = createSqliteJobs(store);
  const deliveries = createSqliteDeliveries(store);
  for (const queued of jobs.queued(['sha-a'], now, 9)) {
    const row = await move(queued, { type: 'started' });
    const [seg, sr] = [`9.${row.jobId}.1`, `9.${row.jobId}.2`];
    await infer(row, [aResult(seg), { ...aResult(sr), object: 'SR' }]);
    for (const due of deliveries.due('pacs', now, 9)) {
      if (due.object === 'SR') continue;
      await deliveries.begin([due]);
      await deliveries.sent(due, { status: 0 }, now);
    }
    await deliveries.withdraw(deliveries.resultsOf([row.jobId]), 'rejected');
  }
}

/** Removes the only study; its jobs stay withdrawable. */
async function removeStudy(): Promise<readonly KeptJob[]> {
  const retention = createSqliteRetention(store);
  const study = retention.oldestSettled([]) as RemovableStudy;
  const withdrawable = createSqliteWithdrawable(store);
  const kept = withdrawable
    .ofStudy(study.studyId)
    .map((job) => ({ ...job, subjectPath: `withdrawable/${job.jobId}.dcm` }));
  for (const { subjectPath } of kept) await withdrawable.about(subjectPath);
  await retention.letGo(study, kept, now);
  return kept;
}

async function note(uid: string, study: string, references: readonly string[]): Promise<number> {
  await index().record(header(study, `${study}.9`, uid, { sopClassUid: sopClasses.keyObjectSelection }), `n${uid}`);
  const keyObjects = createSqliteKeyObjects(store);
  const [unread] = keyObjects.unread(1);
  if (unread === undefined) throw new Error('the note is to be read');
  return keyObjects.reject(unread, { title: '113001', references, studyInstanceUids: [study] }, now);
}

it('all jobs of a removed study that had an image are jobs again, with what destinations have, and go with the note', async () => {
  await record('1', '1.1', '1.1.1');
  await record('1', '1.2', '1.2.1');
  await complete((seriesId, through) => plan([planned(seriesId, through)]));
  await deliverAll();
  const kept = await removeStudy();
  expect(kept.map(({ results }) => results.map(({ sopInstanceUid }) => sopInstanceUid))).toEqual([
    ['9.1.1'],
    ['9.2.1'],
  ]);
  const removals = createSqliteRemovals(store);
  expect(removals.pending('w', 9), 'what is kept is not to be deleted').toEqual([]);

  expect(await note('8.1', '1', ['1.1.1', '1.2.1'])).toBe(2);
  const withdrawals = createSqliteWithdrawals(store);
  const due = withdrawals.due(9);
  expect(due.map(({ title }) => title)).toEqual(['113001', '113001']);
  const results = due.map(({ jobId }) => withdrawals.results(jobId));
  expect(results).toMatchObject([
    [{ sopClassUid: '1', sopInstanceUid: '9.1.1', seriesInstanceUid: '1', path: 'withdrawable/1.dcm' }],
    [{ sopClassUid: '1', sopInstanceUid: '9.2.1', seriesInstanceUid: '1', path: 'withdrawable/2.dcm' }],
  ]);
  const ids = results.flat().map(({ resultId }) => resultId);
  const { withdrawn, arrived } = await createSqliteDeliveries(store).withdraw(ids, 'rejected');
  expect([withdrawn, arrived.map(({ destination }) => destination)]).toEqual([0, ['pacs', 'pacs']]);
  expect(createSqliteStudyList(store).recent(9)).toMatchObject([{ state: 'rejected' }]);
  expect(createSqliteRetention(store).oldestSettled([]), 'not before it is withdrawn').toBeUndefined();
  for (const job of due) await withdrawals.done(job, undefined, now);
  expect(await removeStudy(), 'once withdrawn is enough').toEqual([]);
  expect(removals.pending('w', 9)).toEqual(['withdrawable/1.dcm', 'withdrawable/2.dcm']);
  expect(await note('8.2', '1', ['1.1.1'])).toBe(0);
});

it('only jobs that had the image, also when the study is here again', async () => {
  await record('1', '1.1', '1.1.1');
  await record('1', '1.2', '1.2.1');
  await complete((seriesId, through) => plan([planned(seriesId, through)]));
  await deliverAll();
  await removeStudy();
  await record('1', '1.3', '1.3.1');
  await complete((seriesId, through) => plan([planned(seriesId, through)]));
  await deliverAll();
  expect(await note('8.1', '1', ['1.2.1'])).toBe(1);
  const [due] = createSqliteWithdrawals(store).due(9);
  expect(createSqliteWithdrawals(store).results(due?.jobId ?? 0)).toMatchObject([{ sopInstanceUid: '9.2.1' }]);
  expect(createSqliteWithdrawable(store).count()).toBe(1);
  expect(createSqliteStudyList(store).recent(9), 'the job of now is the one that counts').toMatchObject([
    { state: 'inferred' },
  ]);
});

it('what was removed before a time, or is beyond a number, is forgotten with its file, the oldest first', async () => {
  for (const study of ['1', '2', '3']) {
    await record(study, `${study}.1`, `${study}.1.1`);
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    await deliverAll();
    await removeStudy();
  }
  const withdrawable = createSqliteWithdrawable(store);
  expect(await withdrawable.forget(now, 3)).toEqual([]);
  expect(await withdrawable.forget(now, 2)).toEqual(['withdrawable/1.dcm']);
  expect(createSqliteRemovals(store).pending('w', 9)).toEqual(['withdrawable/1.dcm']);
  expect(await note('8.1', '1', ['1.1.1'])).toBe(0);
  expect(await withdrawable.forget(now + 1, 2)).toEqual(['withdrawable/2.dcm', 'withdrawable/3.dcm']);
  expect(withdrawable.count()).toBe(0);
});
