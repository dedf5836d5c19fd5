import type { Route } from '@collimator/shared/contracts/agent-config';
import type { PriorityName } from '@collimator/shared/contracts/common';
import type { Priority } from '../../queue/schedule/scheduler.ts';
import type { ActiveRelease } from './active-releases.ts';
import { routeName } from './routing.ts';
import { type Reason, type SeriesFacts, selectForRoute } from './select-series.ts';

export type PlannedJob = {
  readonly seriesId: number;
  readonly seriesThrough: number;
  readonly slices: number;
  readonly releaseName: string;
  readonly releaseVersion: string;
  readonly releaseSha256: string;
  readonly priority: number;
  /** Names of the routes that its results are for. */
  readonly routes: readonly string[];
};

/** Why a route takes a series or leaves it. */
export type RouteDecision = {
  readonly route: string;
  readonly release: string;
  readonly series: number;
  readonly selected: boolean;
  readonly reasons: readonly (Reason | 'unchanged')[];
};

export type JobPlan = {
  readonly jobs: readonly PlannedJob[];
  /** Releases that routes name and none of which is active yet. */
  readonly waits: readonly string[];
  readonly decisions: readonly RouteDecision[];
};

export type SelectingRoute = Pick<Route, 'name' | 'release' | 'select'> & Partial<Pick<Route, 'priority'>>;

export const plannedJob = (
  { ref, release }: ActiveRelease,
  series: SeriesFacts,
  routes: readonly string[],
  given: readonly PriorityName[] = [],
): PlannedJob => ({
  seriesId: series.seriesId,
  seriesThrough: series.through,
  slices: series.slices,
  releaseName: ref.name,
  releaseVersion: ref.version,
  releaseSha256: ref.sha256,
  priority: Math.min(
    ...(given.length > 0 ? given : [release.priority as PriorityName]).map((name) => priorityOf[name]),
  ),
  routes,
});

/** STAT first. */
export const priorityOf = { stat: 0, urgent: 1, routine: 2, background: 3 } as const satisfies Record<
  PriorityName,
  Priority
>;

/**
 * Which jobs a complete study gives: one per release × series that a route of that release takes, for all routes that
 * take it. A series that has had a job of that release name with the same images is not run again, so a late image of
 * one series does not repeat the others.
 */
export function planJobs(
  routes: readonly SelectingRoute[],
  series: readonly SeriesFacts[],
  activeOf: (name: string) => ActiveRelease | undefined,
  hasJob: (series: SeriesFacts, releaseName: string) => boolean,
): JobPlan {
  const jobs: PlannedJob[] = [];
  const waits: string[] = [];
  const decisions: RouteDecision[] = [];
  for (const release of new Set(routes.map((route) => route.release))) {
    const active = activeOf(release);
    if (active === undefined) {
      waits.push(release);
      continue;
    }
    const ofRelease = routes.filter((route) => route.release === release);
    for (const facts of series) {
      const unchanged = hasJob(facts, release);
      const decided = ofRelease.map((route): RouteDecision => {
        const { selected, reasons } = selectForRoute(active.release.selector, route.select, facts);
        const named = { route: routeName(route), release, series: facts.seriesId };
        return selected && unchanged
          ? { ...named, selected: false, reasons: ['unchanged'] }
          : { ...named, selected, reasons };
      });
      decisions.push(...decided);
      const takers = decided.filter(({ selected }) => selected).map(({ route }) => route);
      // The most urgent of the routes that take it; what they do not say, the release does.
      const given = ofRelease.flatMap(({ priority, ...route }) =>
        priority !== undefined && takers.includes(routeName(route)) ? [priority] : [],
      );
      if (takers.length > 0) jobs.push(plannedJob(active, facts, takers, given));
    }
  }
  return { jobs, waits, decisions };
}
