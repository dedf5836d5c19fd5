import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { RunReleases } from '../../../store/sqlite-run-releases.ts';
import type { Studies } from '../../../store/sqlite-studies.ts';
import type { ActiveRelease, ActiveReleases } from './active-releases.ts';
import { type JobPlan, planJobs } from './plan-jobs.ts';
import { planUnmatched, type UnmatchedRoute, type UnmatchedStudy } from './plan-unmatched.ts';
import { type RefusedJob, refuseUnsound } from './refuse-unsound.ts';
import type { SeriesFacts } from './select-series.ts';

export type AssemblyRoute = UnmatchedRoute & { readonly complete: 'study' | 'series' };

export type JobMakerDeps = {
  readonly studies: Pick<Studies, 'hasJob' | 'hasAnyJob' | 'wasRefused'>;
  readonly releases: Pick<ActiveReleases, 'active'>;
  readonly runReleases: Pick<RunReleases, 'remember'>;
  readonly routes: readonly AssemblyRoute[];
  readonly lateImages: 'supersede' | 'ignore';
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** New jobs are in the queue. */
  readonly onJobs: () => void;
  /** Studies that no release took, or that were refused, are to be reported. */
  readonly onUnmatched: () => void;
};

/** What is to be done about some series of a complete study, and what was decided. */
export type Made = { readonly plan: JobPlan; readonly ended: readonly (UnmatchedStudy | RefusedJob)[] };

export type JobMaker = {
  /**
   * Plans for routes whose turn it is. Resolves when the releases of the jobs are noted: the plan can be written down.
   *
   * @param series that are complete
   * @param study all series of the study, where its jobs and reports are due; without it nothing is reported yet
   */
  make(due: readonly AssemblyRoute[], series: readonly SeriesFacts[], study: readonly SeriesFacts[]): Promise<Made>;
  /** Tells of a plan that is on the disk. */
  announce(revision: number, made: Made): void;
};

export function createJobMaker(deps: JobMakerDeps): JobMaker {
  const { studies, routes, log } = deps;
  const activeOf = (name: string): ActiveRelease | undefined => deps.releases.active(name);
  /** A series of a route that does not wait for the study can be late before the study is complete. */
  const hasJob = (series: SeriesFacts, release: string): boolean =>
    deps.lateImages === 'ignore' && routes.some((route) => route.release === release && route.complete === 'series')
      ? studies.hasAnyJob(series, release)
      : studies.hasJob(series, release);

  return {
    async make(due, series, study) {
      const plan = planJobs(due, series, activeOf, hasJob);
      const { jobs, refused } = refuseUnsound(plan.jobs, study);
      const unmatched = series === study ? planUnmatched(due, routes, study, activeOf) : [];
      for (const name of new Set(routes.map(({ release }) => release))) {
        const active = activeOf(name);
        if (active !== undefined) await deps.runReleases.remember(active.ref.sha256, active.release);
      }
      const news = series === study ? refused.filter((job) => !studies.wasRefused(job)) : [];
      return { plan: { ...plan, jobs }, ended: [...unmatched, ...news] };
    },
    announce(revision, { plan, ended }) {
      for (const { selected, reasons, ...which } of plan.decisions) {
        if (selected) log.event('series-selected', { revision, ...which });
        else log.event('series-not-selected', { revision, ...which, reasons: reasons.join(' ') });
      }
      for (const { seriesId, releaseName: release, code, detail } of ended) {
        if (code === 'study-unmatched') log.event('study-unmatched', { revision, release, detail });
        else log.event('series-refused', { revision, series: seriesId, release, code, detail });
      }
      if (ended.length > 0) deps.onUnmatched();
      if (plan.jobs.length === 0) return;
      deps.checkpoint('job-queued');
      deps.onJobs();
    },
  };
}
