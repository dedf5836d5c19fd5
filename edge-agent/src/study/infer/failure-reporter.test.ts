import { describe, expect, it } from 'vitest';
import { err, ok, type Result } from '@collimator/shared/result';
import type { JobRow, StoredResult } from '../../store/sqlite-jobs.ts';
import { createFailureReporter } from './failure-reporter.ts';

const row = (jobId: number): JobRow => ({
  jobId,
  ...{
    seriesId: 1,
    seriesThrough: 1,
    releaseName: 'a',
    releaseVersion: '1.0.0',
    releaseSha256: 'a',
    slices: 1,
    priority: 2,
    queued_ms: 0,
    routes: null,
  },
  job: { state: 'failed', starts: 1, attempts: 1, interruptions: 0, notBefore_ms: 0 },
});
const made = { path: 'status.dcm' } as unknown as StoredResult;

/** A reporter over jobs in memory, its waits in the order it made them. */
function reporterOf(report: (row: JobRow) => Promise<Result<StoredResult | undefined, string>>) {
  const left = new Map([1, 2].map((id) => [id, row(id)]));
  const finished: { job: number; results: number }[] = [];
  const waits_ms: number[] = [];
  let fire: (() => void) | undefined;
  const reporter = createFailureReporter({
    jobs: {
      failedWithoutReport: (limit) => [...left.values()].slice(0, limit),
      async finish(one, _, results) {
        left.delete(one.jobId);
        finished.push({ job: one.jobId, results: results.length });
      },
    },
    report,
    now: () => 0,
    after(delay_ms, run) {
      waits_ms.push(delay_ms);
      fire = run;
      return () => undefined;
    },
    log: { event: () => undefined },
    onReports: () => undefined,
  });
  /** Resolves when the pass after the next wait has ended. */
  const next = async (): Promise<void> => {
    const waited = waits_ms.length;
    fire?.();
    await expect.poll(() => waits_ms.length > waited || left.size === 0).toBe(true);
  };
  return { reporter, finished, waits_ms, next };
}

describe('the report on a job that failed', () => {
  it('is tried until it is made, less and less often, and holds up no other', async () => {
    let broken = true;
    const { reporter, finished, waits_ms, next } = reporterOf(async ({ jobId }) => {
      if (jobId === 1 && broken) throw new Error('disk full');
      return ok(made);
    });
    reporter.start();
    await expect.poll(() => waits_ms).toEqual([1_000]);
    expect(finished).toEqual([{ job: 2, results: 1 }]);
    for (let i = 0; i < 10; i++) await next();
    expect(waits_ms.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(Math.max(...waits_ms)).toBeLessThanOrEqual(300_000);
    broken = false;
    await next();
    expect(finished).toContainEqual({ job: 1, results: 1 });
    await reporter.stop();
  });

  it('that can never be made, or is not wanted, is not tried again', async () => {
    const { reporter, finished } = reporterOf(async ({ jobId }) => (jobId === 1 ? err('no image') : ok(undefined)));
    reporter.start();
    await expect
      .poll(() => finished)
      .toEqual([
        { job: 1, results: 0 },
        { job: 2, results: 0 },
      ]);
    await reporter.stop();
  });
});
