import { CodedError } from '@collimator/shared/errors/coded-error';
import type { JobRow, Jobs } from '../../../store/sqlite-jobs.ts';
import { type Job, newJob } from '../job-state.ts';

/** What a table of jobs remembers over a restart, and how often each job was given its results. */
export type JobsTable = {
  readonly jobs: Jobs;
  readonly rows: Map<number, JobRow>;
  /** So many results were stored of each job. */
  readonly finished: Map<number, number>;
  add(releaseSha256: string, slices: number, queued_ms: number): void;
  /** Images were replaced: the job is void, whatever it is at. */
  supersede(jobId: number): void;
  /** Writes that are under way never reach the table, as in a power cut. */
  cut(): void;
};

/** The table of jobs in memory, with the conflicts of the real one (store/sqlite-jobs.ts), for thousands of stories. */
export function createJobsTable(): JobsTable {
  const rows = new Map<number, JobRow>();
  const finished = new Map<number, number>();
  let life = 0;

  async function write(row: JobRow, to: Job, more?: () => void): Promise<void> {
    const mine = life;
    await Promise.resolve();
    // Of a process that is gone: nobody ever hears of it.
    if (mine !== life) return new Promise(() => undefined);
    const now = rows.get(row.jobId);
    if (now?.job.state !== row.job.state || now.job.starts !== row.job.starts)
      throw new CodedError('store-conflict', `job ${row.jobId}`);
    rows.set(row.jobId, { ...now, job: to });
    more?.();
  }
  const of = (releases: readonly string[]) =>
    [...rows.values()].filter(({ job, releaseSha256 }) => job.state === 'queued' && releases.includes(releaseSha256));

  const jobs: Jobs = {
    queued: (releases, now_ms, limit) =>
      of(releases)
        .filter(({ job }) => job.notBefore_ms <= now_ms)
        .toSorted((a, b) => a.priority - b.priority || a.jobId - b.jobId)
        .slice(0, limit),
    startable: (jobId) => [rows.get(jobId)].find((row) => row?.job.state === 'queued'),
    nextDue_ms(now_ms) {
      const due = [...rows.values()].filter(({ job }) => job.state === 'queued' && job.notBefore_ms > now_ms);
      return due.length === 0 ? undefined : Math.min(...due.map(({ job }) => job.notBefore_ms));
    },
    get: (jobId) => rows.get(jobId),
    running: () => [...rows.values()].filter(({ job }) => job.state === 'running'),
    startedAt_ms: () => undefined,
    queuedFor: () => [],
    images: () => [],
    imagesAfter: () => [],
    sources: () => [],
    earlier: () => [],
    predecessors: () => [],
    move: (row, to) => write(row, to),
    retarget: () => Promise.resolve(),
    finish: (row, to) => write(row, to, () => finished.set(row.jobId, (finished.get(row.jobId) ?? 0) + 1)),
    failedWithoutReport: () => [],
    counts: () => ({ queued: 0, running: 0 }),
  };
  return {
    ...{ jobs, rows, finished },
    add(releaseSha256, slices, queued_ms) {
      const jobId = rows.size + 1;
      rows.set(jobId, {
        ...{ jobId, seriesId: jobId, seriesThrough: jobId, releaseName: 'r', releaseVersion: '1.0.0', releaseSha256 },
        ...{ slices, priority: 2, queued_ms, routes: null, job: { ...newJob, state: 'queued' } },
      });
    },
    supersede(jobId) {
      const row = rows.get(jobId);
      if (row?.job.state === 'queued' || row?.job.state === 'running')
        rows.set(jobId, { ...row, job: { ...row.job, state: 'superseded' } });
    },
    cut() {
      life += 1;
    },
  };
}
