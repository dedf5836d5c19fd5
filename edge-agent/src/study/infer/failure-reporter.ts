import type { Log } from '@collimator/shared/observe/log';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import { type After, createStageLoop, type StageLoop } from '../queue/stage-loop.ts';

export type FailureReporterDeps = {
  readonly jobs: Jobs;
  /** Makes the report that says why a job has no result and puts it on disk; undefined where its route wants none. */
  readonly report: (row: JobRow) => Promise<StoredResult | undefined>;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly onReports: () => void;
};

const BATCH = 64;
const TRIES_MAX = 3;

/** Gives each failed job its report, so that the PACS can tell a study that failed from one that was never seen. */
export function createFailureReporter(deps: FailureReporterDeps): StageLoop {
  const { jobs, log } = deps;
  /** Tries of the jobs that are left; a restart begins anew. */
  const tries = new Map<number, number>();

  async function pass(): Promise<number | undefined> {
    const rows = jobs.failedWithoutReport(BATCH);
    let again = rows.length === BATCH;
    for (const row of rows) again = !(await settle(row)) || again;
    return again ? deps.now() + 1_000 : undefined;
  }

  async function settle(row: JobRow): Promise<boolean> {
    let made: StoredResult | undefined;
    try {
      made = await deps.report(row);
    } catch (error) {
      const count = (tries.get(row.jobId) ?? 0) + 1;
      tries.set(row.jobId, count);
      log.event('job-status-report-failed', { job: row.jobId, reason: describeError(error) });
      if (count < TRIES_MAX) return false;
    }
    tries.delete(row.jobId);
    await jobs.finish(row, row.job, made === undefined ? [] : [made], undefined, deps.now());
    if (made !== undefined) deps.onReports();
    return true;
  }

  return createStageLoop({ stage: 'report', pass, now: deps.now, after: deps.after, log });
}
