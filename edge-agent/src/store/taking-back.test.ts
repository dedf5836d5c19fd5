import { describe, expect, it } from 'vitest';
import { createSqliteCommitmentRequests } from './sqlite-commitment-requests.ts';
import { createSqliteCommitments } from './sqlite-commitments.ts';
import { createSqliteDeliveries } from './sqlite-deliveries.ts';
import { createSqliteHolds } from './sqlite-holds.ts';
import type { DeliveryRow } from './delivery-row.ts';
import { createSqliteJobs, type JobRow } from './sqlite-jobs.ts';
import { createSqliteRemovals } from './sqlite-removals.ts';
import { createSqliteRetention, type RemovableStudy } from './sqlite-retention.ts';
import { retryStudy } from './sqlite-retries.ts';
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

/** A job whose SEG the PACS has and whose commitment is asked for, and whose SR it refused for good. */
async function halfDelivered(): Promise<{ readonly row: JobRow; readonly ids: readonly number[] }> {
  await record('1', '1.1', '1.1.1');
  await complete((seriesId, through) => plan([planned(seriesId, through)]));
  const jobs = createSqliteJobs(store);
  const row = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
  await infer(row, [aResult('9.1'), { ...aResult('9.2'), object: 'SR' }]);
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
    const started = await move(jobs.queued(['sha-a'], now, 1)[0] as JobRow, { type: 'started' });
    const why = { how: 'permanent', code: 'image-unreadable', detail: '', at_ms: now } as const;
    const failed = await move(started, { type: 'attempt-failed', ...why });
    await jobs.finish(failed, failed.job, [{ ...aResult('9.1'), object: 'SR' }], undefined, now);
    const deliveries = createSqliteDeliveries(store);
    await deliveries.begin(deliveries.due('pacs', now, 1));
    await retryStudy(store, 1, now);
    expect(jobs.predecessors(jobs.queued(['sha-a'], now, 1)[0] as JobRow)).toMatchObject([{ sopInstanceUid: '9.1' }]);
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
    const paths = await retention.letGo(retention.oldestSettled([]) as RemovableStudy, [], now);
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
