import type { Log } from '@collimator/shared/observe/log';
import { describeError, isCoded } from '@collimator/shared/errors/coded-error';
import type { Result } from '@collimator/shared/result';
import type { JobRow, Jobs, StoredResult } from '../../store/sqlite-jobs.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';

export type FailureReporterDeps = {
  readonly jobs: Pick<Jobs, 'failedWithoutReport' | 'finish'>;
  /**
   * Makes the report that says why a job has no result and puts it on disk: nothing where its route wants none, an
   * error where it can never be made. What throws may go better later.
   */
  readonly report: (row: JobRow) => Promise<Result<StoredResult | undefined, string>>;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly onReports: () => void;
};

const BATCH = 64;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 300_000;

/**
 * Gives each failed job its report, so that the PACS can tell a study that failed from one that was never seen. It is
 * tried until it is made, less and less often: a disk that is full today has room tomorrow.
 */
export function createFailureReporter(deps: FailureReporterDeps): StageLoop {
  const { jobs, log } = deps;
  /** Passes in a row that left something undone; a restart begins anew. */
  let inVain = 0;

  async function pass(): Promise<number | undefined> {
    const rows = jobs.failedWithoutReport(BATCH);
    let settled = 0;
    for (const row of rows) if (await settle(row)) settled += 1;
    if (settled < rows.length) inVain += 1;
    else {
      inVain = 0;
      return rows.length === BATCH ? deps.now() : undefined;
    }
    return deps.now() + Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (inVain - 1));
  }

  async function settle(row: JobRow): Promise<boolean> {
    let made: Awaited<ReturnType<FailureReporterDeps['report']>>;
    try {
      made = await deps.report(row);
    } catch (error) {
      log.event('job-status-report-failed', { job: row.jobId, reason: describeError(error) });
      return false;
    }
    if (!made.ok) log.event('job-status-report-failed', { job: row.jobId, reason: made.error });
    const result = made.ok ? made.value : undefined;
    try {
      await jobs.finish(row, row.job, result === undefined ? [] : [result], undefined, deps.now());
    } catch (error) {
      // Its images were replaced in the meantime: there is nothing to report any more.
      if (isCoded(error, 'store-conflict')) return true;
      throw error;
    }
    if (result !== undefined) deps.onReports();
    return true;
  }

  return createStageLoop({ stage: 'report', pass, now: deps.now, after: deps.after, log });
}
