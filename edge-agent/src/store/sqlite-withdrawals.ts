import type { Store } from '@collimator/shared/sqlite/store';
import { resultStatements, type StoredResult } from './sqlite-jobs.ts';

/** A job whose images were rejected or replaced, and the title of the note that did it, or that says why. */
export type RejectedJob = { readonly jobId: number; readonly title: string | null };

/** A result of ours as a rejection note refers to it. `path` is relative to the data folder. */
export type WithdrawableResult = {
  readonly resultId: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly path: string;
};

export type Withdrawals = {
  /** Rejected jobs of which something may still be at a destination, or on its way. */
  due(limit: number): RejectedJob[];
  /** What a job made, notes left out. */
  results(jobId: number): WithdrawableResult[];
  /** All is withdrawn; `note` goes to its destinations. One durable write. */
  done(job: RejectedJob, note: StoredResult | undefined, now_ms: number): Promise<void>;
};

export const withdrawalSql = {
  due: `SELECT id AS jobId, rejected_title AS title FROM jobs
    WHERE rejected_ms IS NOT NULL AND withdrawn_ms IS NULL ORDER BY id LIMIT ?`,
  results: `SELECT id AS resultId, sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid,
      series_instance_uid AS seriesInstanceUid, path
    FROM results WHERE job_id = ? AND object <> 'KOS' ORDER BY object, ordinal`,
} as const;

export function createSqliteWithdrawals(store: Store): Withdrawals {
  return {
    due: (limit) => store.all<RejectedJob>(withdrawalSql.due, limit),
    results: (jobId) => store.all<WithdrawableResult>(withdrawalSql.results, jobId),
    async done(job, note, now_ms) {
      await store.write([
        {
          sql: 'UPDATE jobs SET withdrawn_ms = ? WHERE id = ? AND withdrawn_ms IS NULL',
          params: [now_ms, job.jobId],
          expectChanges: 1,
        },
        ...(note === undefined ? [] : resultStatements(job.jobId, note, now_ms)),
      ]);
    },
  };
}
