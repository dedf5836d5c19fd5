import { describe, expect, it } from 'vitest';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { OpenStudy } from '../study/assemble/complete/completion.ts';
import { createSqliteDeliveries } from './sqlite-deliveries.ts';
import { createSqliteHolds } from './sqlite-holds.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqliteKeyObjects } from './sqlite-key-objects.ts';
import { createSqliteRetention } from './sqlite-retention.ts';
import { createSqliteStudies } from './sqlite-studies.ts';
import { createSqliteStudyList } from './sqlite-study-list.ts';
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
  reopen,
  store,
} from './testing/study-store-world.ts';

inStudyStore();

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
    const running = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
    const holds = createSqliteHolds(store);
    await holds.place(1, conflict, now);
    await infer(running, [aResult('9.9')]);
    const deliveries = createSqliteDeliveries(store);
    const studies = createSqliteStudies(store);
    expect(jobs.queued(['sha-b'], now, 1)[0]).toBeUndefined();
    expect(studies.waiting('c', 1)).toEqual([]);
    expect(deliveries.due('pacs', now, 1)).toEqual([]);
    expect(deliveries.nextDue_ms('pacs')).toBeUndefined();
    await holds.release(1, 'conflict', 'quarantine 1', now);
    expect(jobs.queued(['sha-b'], now, 1)[0]?.jobId).toBe(2);
    expect(studies.waiting('c', 1)).toHaveLength(1);
    expect(deliveries.due('pacs', now, 1)).toHaveLength(1);
    expect(deliveries.nextDue_ms('pacs')).toBe(now);
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
