import { describe, expect, it } from 'vitest';
import type { Release } from '@collimator/shared/contracts/release';
import type { OpenStudy } from '../study/assemble/complete/completion.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqliteRunReleases } from './sqlite-run-releases.ts';
import { createSqliteStudies } from './sqlite-studies.ts';
import { createSqliteStudyList } from './sqlite-study-list.ts';
import {
  complete,
  inStudyStore,
  move,
  now,
  plan,
  planned,
  record,
  reopen,
  store,
} from './testing/study-store-world.ts';

inStudyStore();

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
    expect(jobs.queued(['sha-b'], now, 1)[0]).toBeUndefined();
    const order: number[] = [];
    for (let row = jobs.queued(['sha-a'], now, 1)[0]; row !== undefined; row = jobs.queued(['sha-a'], now, 1)[0]) {
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
    await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' }, failure);
    expect(jobs.queued(['sha-a'], 5_999, 1)[0]).toBeUndefined();
    expect(jobs.nextDue_ms(5_999)).toBe(6_000);
    expect(jobs.queued(['sha-a'], 6_000, 1)[0]).toMatchObject({ job: { attempts: 1, starts: 1 } });
  });

  it('cannot be moved by someone who read an older state', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const row = createSqliteJobs(store).queued(['sha-a'], now, 1)[0] as JobRow;
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
    expect(jobs.queued(['sha-a'], now, 1)[0]?.jobId).toBe(2);
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
    expect(jobs.queued(['sha-a'], now, 1)[0]).toBeUndefined();
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
