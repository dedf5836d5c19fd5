import type { Log } from '@collimator/shared/observe/log';
import type { Jobs } from '../../../store/sqlite-jobs.ts';
import type { RunReleases } from '../../../store/sqlite-run-releases.ts';
import type { Studies } from '../../../store/sqlite-studies.ts';
import { step } from '../../queue/job-state.ts';
import type { ActiveReleases } from './active-releases.ts';
import { planJobs, type SelectingRoute } from './plan-jobs.ts';

export type RetargetDeps = {
  readonly studies: Pick<Studies, 'oneSeries'>;
  readonly jobs: Jobs;
  readonly releases: ActiveReleases;
  readonly runReleases: Pick<RunReleases, 'remember'>;
  readonly routes: readonly SelectingRoute[];
  readonly now: () => number;
  readonly log: Log;
  readonly onJobs: () => void;
};

/**
 * Gives jobs that were queued for another version of a release to the one that is active, if it still selects them.
 *
 * @param limit rows of one release at a time
 * @returns whether there may be more
 */
export async function retargetQueued(deps: RetargetDeps, limit: number): Promise<boolean> {
  const { jobs, releases, log } = deps;
  let full = false;
  for (const { ref, release } of releases.list()) {
    const ofRelease = deps.routes.filter((route) => route.release === ref.name);
    const rows = jobs.queuedFor(ref.name, ref.sha256, limit);
    if (rows.length > 0) await deps.runReleases.remember(ref.sha256, release);
    for (const row of rows) {
      const facts = deps.studies.oneSeries(row.seriesId, row.seriesThrough);
      const plan = planJobs(
        ofRelease,
        [facts],
        (name) => releases.active(name),
        () => false,
      );
      const [first] = plan.jobs;
      if (first !== undefined) {
        await jobs.retarget(row, ref.version, ref.sha256, first.routes);
        continue;
      }
      const superseded = step(row.job, { type: 'superseded' });
      if (superseded.ok) await jobs.move(row, superseded.value, deps.now());
      for (const { selected: _, reasons, ...which } of plan.decisions)
        log.event('series-not-selected', { ...which, reasons: reasons.join(' ') });
    }
    if (rows.length > 0) deps.onJobs();
    full ||= rows.length === limit;
  }
  return full;
}
