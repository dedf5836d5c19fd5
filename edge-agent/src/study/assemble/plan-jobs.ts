import type { ActiveRelease } from './active-releases.ts';
import { type Reason, type SeriesFacts, selectSeries } from './select-series.ts';

export type PlannedJob = {
  readonly seriesId: number;
  readonly seriesThrough: number;
  readonly slices: number;
  readonly releaseName: string;
  readonly releaseVersion: string;
  readonly releaseSha256: string;
  readonly priority: number;
};

export type SeriesDecision = {
  readonly seriesId: number;
  readonly releaseName: string;
  readonly selected: boolean;
  readonly reasons: readonly (Reason | 'unchanged')[];
};

export type JobPlan = {
  readonly jobs: readonly PlannedJob[];
  /** Releases that routes name and none of which is active yet. */
  readonly waits: readonly string[];
  readonly decisions: readonly SeriesDecision[];
};

export const plannedJob = ({ ref, release }: ActiveRelease, series: SeriesFacts): PlannedJob => ({
  seriesId: series.seriesId,
  seriesThrough: series.through,
  slices: series.slices,
  releaseName: ref.name,
  releaseVersion: ref.version,
  releaseSha256: ref.sha256,
  priority: priorityOf[release.priority as keyof typeof priorityOf],
});

/** STAT first; the order of arrival decides within a class. */
export const priorityOf = { stat: 0, urgent: 1, routine: 2, background: 3 } as const;

/**
 * Which jobs a complete study gives: one per release that a route names × series that the release selects.
 * A series that has had a job of that release name with the same images is not run again, so a late image of one
 * series does not repeat the others.
 *
 * @param releaseNames of the routes; a name given twice counts once, its results go to the destinations of both
 */
export function planJobs(
  releaseNames: readonly string[],
  series: readonly SeriesFacts[],
  activeOf: (name: string) => ActiveRelease | undefined,
  hasJob: (series: SeriesFacts, releaseName: string) => boolean,
): JobPlan {
  const jobs: PlannedJob[] = [];
  const waits: string[] = [];
  const decisions: SeriesDecision[] = [];
  for (const releaseName of new Set(releaseNames)) {
    const active = activeOf(releaseName);
    if (active === undefined) {
      waits.push(releaseName);
      continue;
    }
    for (const facts of series) {
      const { selected, reasons } = selectSeries(active.release.selector, facts);
      const unchanged = selected && hasJob(facts, releaseName);
      decisions.push({
        seriesId: facts.seriesId,
        releaseName,
        selected: selected && !unchanged,
        reasons: unchanged ? ['unchanged'] : reasons,
      });
      if (!selected || unchanged) continue;
      jobs.push(plannedJob(active, facts));
    }
  }
  return { jobs, waits, decisions };
}
