import { describe, expect, it } from 'vitest';
import { createSqliteDeliveries } from './sqlite-deliveries.ts';
import { createSqliteHolds } from './sqlite-holds.ts';
import type { DeliveryRow } from './delivery-row.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqliteRemovals } from './sqlite-removals.ts';
import { createSqliteRetention, type RemovableStudy } from './sqlite-retention.ts';
import {
  aResult,
  complete,
  infer,
  inStudyStore,
  move,
  now,
  plan,
  planned,
  record,
  store,
  stored,
} from './testing/study-store-world.ts';

inStudyStore();

describe('retention', () => {
  it('lets nothing go that something is still to be done for', async () => {
    await record('1', '1.1', '1.1.1');
    const retention = createSqliteRetention(store);
    expect(retention.oldestSettled([]), 'open').toBeUndefined();
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    expect(retention.oldestSettled([]), 'queued').toBeUndefined();
    const jobs = createSqliteJobs(store);
    const row = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
    expect(retention.oldestSettled([]), 'running').toBeUndefined();
    await infer(row, [aResult('9.9')]);
    expect(retention.oldestSettled([]), 'not sent').toBeUndefined();
    const deliveries = createSqliteDeliveries(store);
    await deliveries.sent(deliveries.due('pacs', now, 1)[0] as DeliveryRow, { status: 0 }, now);
    const settled = retention.oldestSettled([]);
    expect(settled).toMatchObject({ studyId: 1 });
    expect(retention.oldestSettled([1])).toBeUndefined();
    await createSqliteHolds(store).place(1, { kind: 'operator', cause: 'x', detail: '' }, now);
    expect(retention.oldestSettled([]), 'held').toBeUndefined();
    await expect(retention.letGo(settled as RemovableStudy, [], now)).rejects.toMatchObject({ code: 'store-conflict' });
  });

  it('takes a study out as a whole, notes its files, and still knows what was ours', async () => {
    await record('1', '1.1', '1.1.1');
    await complete((seriesId, through) => plan([planned(seriesId, through)]));
    const jobs = createSqliteJobs(store);
    const row = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
    await infer(row, [{ ...aResult('9.9'), destinations: [] }]);
    const retention = createSqliteRetention(store);
    const paths = await retention.letGo(retention.oldestSettled([]) as RemovableStudy, [], now);
    expect(paths).toEqual(['studies/1.1.1.dcm', 'results/1']);
    expect(createSqliteRemovals(store).pending('', 9)).toEqual(['results/1', 'studies/1.1.1.dcm']);
    for (const table of ['studies', 'series', 'instances', 'study_revisions', 'jobs', 'results', 'deliveries'])
      expect(store.all(`SELECT 1 FROM ${table}`), table).toEqual([]);
    await record('2', '2.1', '9.9');
    expect(stored.at(-1)?.own).toBe(true);
    expect(await record('1', '1.1', '1.1.1')).toBe('stored');
    expect(createSqliteRemovals(store).pending('', 9), 'the file of the new one stays').toEqual(['results/1']);
  });

  it('remembers so many results of removed studies by their UIDs, the last ones', async () => {
    const known = (): readonly string[] =>
      store
        .all<{ uid: string }>('SELECT sop_instance_uid AS uid FROM own_objects ORDER BY number')
        .map(({ uid }) => uid);
    for (const study of [1, 2, 3]) {
      await record(`${study}`, `${study}.1`, `${study}.1.1`);
      await complete((seriesId, through) => plan([planned(seriesId, through)]));
      const jobs = createSqliteJobs(store);
      const row = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
      await infer(row, [{ ...aResult(`9.${study}`), destinations: [] }]);
      const retention = createSqliteRetention(store, 2);
      await retention.letGo(retention.oldestSettled([]) as RemovableStudy, [], now);
    }
    expect(known()).toEqual(['9.2', '9.3']);
  });
});
