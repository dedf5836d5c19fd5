import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import type { Release } from '@collimator/shared/contracts/release';
import { beforeEach, describe, expect, it } from 'vitest';
import type { PriorAnswer } from '../study/prior/ask-source.ts';
import type { InstanceHeader } from '../study/receive/header/instance-header.ts';
import { createSqliteHolds } from './sqlite-holds.ts';
import { createSqliteInstanceIndex } from './sqlite-instance-index.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqlitePriorFetches } from './sqlite-prior-fetches.ts';
import { createSqlitePriors, type PriorRequest } from './sqlite-priors.ts';
import { createSqliteRetention } from './sqlite-retention.ts';
import { createSqliteRunReleases } from './sqlite-run-releases.ts';
import { createSqliteStudies } from './sqlite-studies.ts';
import {
  complete,
  header,
  inStudyStore,
  move,
  now,
  plan,
  planned,
  record,
  store,
} from './testing/study-store-world.ts';

inStudyStore();

const wants: PriorsWanted = { count_max: 1, wait_s_max: 10, required: false };
const answer: PriorAnswer = {
  ...{ listed: 1, differing: 0 },
  series: [{ studyInstanceUid: '9', seriesInstanceUid: '9.1', daysBefore: 7, images: 2 }],
};
const priors = () => createSqlitePriors(store);
const fetches = () => createSqlitePriorFetches(store);
const jobs = () => createSqliteJobs(store);
const remember = (sha256: string, more: object): Promise<void> =>
  createSqliteRunReleases(store).remember(sha256, more as Release);
const theJob = (): Promise<unknown> => complete((seriesId, through) => plan([planned(seriesId, through)]));
const taken: number[] = [];

/** An index for which everything that `PACS` sends of study 9 was asked for. */
const indexOfFetched = () =>
  createSqliteInstanceIndex({
    store,
    now: () => now,
    patientKey: ({ id }) => `key of ${id}`,
    onStored: () => undefined,
    isFetched: ({ callingAeTitle, studyInstanceUid }) => callingAeTitle === 'PACS' && studyInstanceUid === '9',
    onTakenAsNew: (id) => taken.push(id),
  });
const fetched = (instance: string, more: Partial<InstanceHeader> = {}) =>
  indexOfFetched().record(header('9', '9.1', instance, { callingAeTitle: 'PACS', ...more }), `studies/${instance}.dcm`);

beforeEach(async () => {
  taken.length = 0;
  await remember('sha-a', { priors: wants });
  await record('1', '1.1', '1.1.1');
  await theJob();
});

describe('a job whose release asks for priors', () => {
  it('is not next before its request is over, and tells nothing of it where the release asks for none', async () => {
    expect(jobs().queued(['sha-a'], now, 1)[0]).toBeUndefined();
    expect(jobs().counts().queued).toBe(1);
    await priors().setDeadlines(now);
    const [request] = priors().toAsk(now, 9) as [PriorRequest];
    expect(request).toEqual({ jobId: 1, wants, state: 'asking', deadline_ms: now + 10_000, attempts: 0 });
    expect(await priors().settle(request, { outcome: 'none', reason: undefined, verdicts: [] }, now)).toBe(true);
    expect(jobs().queued(['sha-a'], now, 1)[0]?.jobId).toBe(1);
    expect(fetches().told(1)).toEqual({ outcome: 'none', reason: null });
    expect(fetches().told(2)).toBeUndefined();
  });

  it('asks anew for what another version of its release wants, and for nothing where that wants nothing', async () => {
    await remember('sha-b', { priors: { ...wants, count_max: 3 } });
    await remember('sha-c', {});
    const row = jobs().queuedFor('a', '', 1)[0] as JobRow;
    await jobs().retarget(row, '2.0.0', 'sha-b', []);
    await priors().setDeadlines(now);
    expect(priors().toAsk(now, 9)[0]?.wants.count_max).toBe(3);
    await jobs().retarget({ ...row, releaseSha256: 'sha-b' }, '3.0.0', 'sha-c', []);
    expect(jobs().queued(['sha-c'], now, 1)[0]?.jobId).toBe(1);
  });

  it('has no deadline while its study is held and nobody was asked', async () => {
    await createSqliteHolds(store).place(1, { kind: 'operator', cause: 'x', detail: '' }, now);
    await priors().setDeadlines(now);
    expect([priors().toAsk(now, 9), priors().next_ms(now)]).toEqual([[], undefined]);
    await createSqliteHolds(store).release(1, 'operator', 'x', now);
    await priors().setDeadlines(now);
    expect(priors().toAsk(now, 9)).toHaveLength(1);
    await createSqliteHolds(store).place(1, { kind: 'operator', cause: 'y', detail: '' }, now);
    await priors().setDeadlines(now);
    expect([priors().toAsk(now, 9), priors().toSettle(now + 99_999, 9)]).toEqual([[], []]);
  });

  it('waits for each series until it is here or will not come, and no longer than its time', async () => {
    await priors().setDeadlines(now);
    const [request] = priors().toAsk(now, 9) as [PriorRequest];
    expect(await priors().answered(request, answer, 100, now)).toBe(1);
    expect(await priors().answered(request, answer, 100, now), 'once').toBeUndefined();
    expect([priors().toAsk(now, 9), priors().toSettle(now, 9)]).toEqual([[], []]);
    expect(priors().toSettle(now + 10_000, 9)).toHaveLength(1);
    const [fetch] = fetches().due(now, 9);
    if (fetch === undefined) throw new Error('nothing is due');
    await fetches().begun(fetch, now);
    expect(fetches().due(now, 9)).toEqual([]);
    await fetches().resume(['9'], now);
    expect(fetches().due(now, 9), 'it is being moved').toEqual([]);
    await fetches().resume([], now);
    expect(fetches().due(now, 9)).toMatchObject([{ attempts: 0, expected: 2 }]);
    await fetches().failed(fetch, 'priors-source-failed', undefined, now);
    expect(priors().toSettle(now, 9)).toMatchObject([{ jobId: 1, state: 'fetching' }]);
    expect(priors().wanted(1)).toMatchObject([{ fetch: 'failed', reason: 'priors-source-failed', images: 0 }]);
  });

  it('lets a fetch go that nobody waits for any more', async () => {
    await priors().setDeadlines(now);
    const [request] = priors().toAsk(now, 9) as [PriorRequest];
    await priors().answered(request, answer, 100, now);
    await move(jobs().get(1) as JobRow, { type: 'superseded' });
    await priors().dropIdle(now);
    expect(priors().open()).toBe(0);
    await fetches().dropUnwanted(now, 0);
    expect([fetches().due(now, 9), fetches().deadline_ms('9')]).toEqual([[], undefined]);
    await fetches().dropUnwanted(now, now + 1);
    expect(fetches().isAskedFor('9', 0)).toBe(false);
  });

  it('does not have a series fetched that is too large, or that is here', async () => {
    await priors().setDeadlines(now);
    const [request] = priors().toAsk(now, 9) as [PriorRequest];
    await record('9', '9.2', '9.2.1', { callingAeTitle: 'CT' });
    const other = { studyInstanceUid: '9', seriesInstanceUid: '9.2', daysBefore: 7, images: 1 };
    expect(await priors().answered(request, { ...answer, series: [...answer.series, other] }, 1, now)).toBe(1);
    expect(fetches().due(now, 9)).toEqual([]);
    expect(
      priors()
        .wanted(1)
        .map(({ fetch, reason }) => [fetch, reason]),
    ).toEqual([
      ['failed', 'priors-too-large'],
      ['none', undefined],
    ]);
  });
});

describe('an image that was fetched', () => {
  const open = (): readonly unknown[] => createSqliteStudies(store).open(9);

  it('opens no study, is never a series to choose from, and is kept for a job that is to get it', async () => {
    await priors().setDeadlines(now);
    const [request] = priors().toAsk(now, 9) as [PriorRequest];
    await priors().answered(request, answer, 100, now);
    expect([await fetched('9.1.1'), await fetched('9.1.2'), await fetched('9.1.2')]).toEqual([
      ...['stored', 'stored', 'duplicate'],
    ]);
    expect(open()).toEqual([]);
    const [fetch] = fetches().due(now, 9);
    if (fetch === undefined) throw new Error('nothing is due');
    expect(fetches().images(fetch)).toBe(2);
    await fetches().came(fetch, now);
    expect(createSqliteStudies(store).series(2, 99)).toEqual([]);
    const verdicts = [{ studyInstanceUid: '9', seriesInstanceUid: '9.1', offered: true as const }];
    await priors().settle({ ...request, state: 'fetching' }, { outcome: 'found', reason: undefined, verdicts }, now);
    const retention = createSqliteRetention(store);
    expect([retention.oldestPrior([]), retention.oldestSettled([])]).toEqual([undefined, undefined]);
    const files = ['studies/9.1.1.dcm', 'studies/9.1.2.dcm'];
    expect(fetches().offered(1)).toMatchObject([{ studyInstanceUid: '9', daysBefore: 7, series: [{ files }] }]);
    await move(jobs().get(1) as JobRow, { type: 'superseded' });
    const gone = retention.oldestPrior([]);
    if (gone === undefined) throw new Error('it is still needed');
    expect(await retention.letGo(gone, [], now)).toEqual(files);
    expect(fetches().isAskedFor('9', 0)).toBe(false);
  });

  it('that comes again to be read is new from then on', async () => {
    await fetched('9.1.1');
    expect(await fetched('9.1.1', { callingAeTitle: 'CT' })).toBe('duplicate');
    expect(taken).toEqual([3]);
    expect(open()).toMatchObject([{ studyInstanceUid: '9', lastInstanceId: 3 }]);
    expect(await fetched('9.1.1'), 'and stays so').toBe('duplicate');
    expect(taken).toHaveLength(1);
  });

  it('makes room for other bytes that come to be read, and takes nobody else the place', async () => {
    await fetched('9.1.1');
    const changed = { dataSetSha256: 'other' };
    expect(await fetched('9.1.1', { ...changed, callingAeTitle: 'CT' })).toBe('displaces-prior');
    const one = header('9', '9.1', '9.1.1', { ...changed, callingAeTitle: 'CT' });
    expect(await indexOfFetched().replace(one, 'studies/new.dcm')).toEqual(['studies/9.1.1.dcm']);
    expect(open()).toMatchObject([{ studyInstanceUid: '9' }]);
    expect(await fetched('9.1.1')).toBe('conflict-of-prior');
    expect(await fetched('9.1.1', { dataSetSha256: 'third', callingAeTitle: 'CT' })).toBe('conflict');
  });
});
