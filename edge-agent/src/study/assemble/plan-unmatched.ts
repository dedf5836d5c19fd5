import type { Route } from '@collimator/shared/contracts/agent-config';
import type { ActiveRelease } from './active-releases.ts';
import { type PlannedJob, plannedJob } from './plan-jobs.ts';
import { type Reason, type SeriesFacts, selectSeries } from './select-series.ts';

/** A study that a release did not take, as a job that ended before it began: what reports failures reports this too. */
export type UnmatchedStudy = PlannedJob & { readonly code: 'study-unmatched'; readonly detail: string };

export type UnmatchedRoute = Pick<Route, 'release' | 'objects' | 'unmatched'>;

/**
 * Which routes answer a complete study that no active release takes: those that ask for it and send reports at all.
 * A release that is not active does not count; its route answers when it is. The report speaks of the largest series,
 * and its reason counts the conditions that failed over all of them; it says nothing of what the images hold.
 *
 * @param routes whose answer is due
 * @param active of all routes
 */
export function planUnmatched(
  routes: readonly UnmatchedRoute[],
  series: readonly SeriesFacts[],
  active: readonly ActiveRelease[],
): readonly UnmatchedStudy[] {
  const taken = active.some(({ release }) => series.some((one) => selectSeries(release.selector, one).selected));
  const [first, ...others] = series;
  if (taken || first === undefined) return [];
  const largest = others.reduce((most, one) => (one.slices > most.slices ? one : most), first);
  return routes
    .filter(({ unmatched, objects }) => unmatched === 'report' && objects.includes('SR'))
    .flatMap(({ release: name }) => {
      const found = active.find(({ ref }) => ref.name === name);
      if (found === undefined) return [];
      const reasons = series.flatMap((one) => selectSeries(found.release.selector, one).reasons);
      const detail = `none of ${series.length} series is for this model: ${counted(reasons)}`;
      return [{ ...plannedJob(found, largest), code: 'study-unmatched', detail } as const];
    });
}

function counted(reasons: readonly Reason[]): string {
  const counts = new Map<Reason, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${reason} (${count})`).join(', ');
}
