import type { Route } from '@collimator/shared/contracts/agent-config';
import type { ActiveRelease } from './active-releases.ts';
import { type PlannedJob, plannedJob, type SelectingRoute } from './plan-jobs.ts';
import { routeName } from './routing.ts';
import { type Reason, type SeriesFacts, selectForRoute } from './select-series.ts';

/** A study that a release did not take, as a job that ended before it began: what reports failures reports this too. */
export type UnmatchedStudy = PlannedJob & { readonly code: 'study-unmatched'; readonly detail: string };

export type UnmatchedRoute = SelectingRoute & Pick<Route, 'objects' | 'unmatched'>;

/**
 * Which routes answer a complete study that no route takes: those that ask for it and send reports at all, with one
 * report for each release. A release that is not active does not count; its routes answer when it is. The report speaks
 * of the largest series, and its reason counts the conditions that failed over all of them; it says nothing of what the
 * images hold.
 *
 * @param due routes whose answer is due
 * @param all routes that may take the study
 */
export function planUnmatched(
  due: readonly UnmatchedRoute[],
  all: readonly SelectingRoute[],
  series: readonly SeriesFacts[],
  activeOf: (name: string) => ActiveRelease | undefined,
): readonly UnmatchedStudy[] {
  const [first, ...others] = series;
  if (first === undefined) return [];
  const reasonsOf = (route: SelectingRoute, { release }: ActiveRelease): readonly (readonly Reason[])[] =>
    series.map((one) => selectForRoute(release.selector, route.select, one).reasons);
  const taken = all.some((route) => {
    const active = activeOf(route.release);
    return active !== undefined && reasonsOf(route, active).some((reasons) => reasons.length === 0);
  });
  if (taken) return [];
  const largest = others.reduce((most, one) => (one.slices > most.slices ? one : most), first);
  const answering = due.filter(({ unmatched, objects }) => unmatched === 'report' && objects.includes('SR'));
  return [...new Set(answering.map(({ release }) => release))].flatMap((release) => {
    const active = activeOf(release);
    if (active === undefined) return [];
    const routes = answering.filter((route) => route.release === release);
    const counted = count(routes.flatMap((route) => reasonsOf(route, active).flat()));
    const detail = `none of ${series.length} series is for this model: ${counted}`;
    return [{ ...plannedJob(active, largest, routes.map(routeName)), code: 'study-unmatched', detail } as const];
  });
}

function count(reasons: readonly Reason[]): string {
  const counts = new Map<Reason, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, times]) => `${reason} (${times})`).join(', ');
}
