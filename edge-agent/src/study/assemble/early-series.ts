import type { Log } from '@collimator/shared/observe/log';
import type { Studies } from '../../store/sqlite-studies.ts';
import { type CompletionPolicy, decideCompletion, type Moment, type OpenSeries } from './completion.ts';
import type { AssemblyRoute, JobMaker } from './job-maker.ts';

export type EarlySeriesDeps = {
  readonly studies: Pick<Studies, 'openSeries' | 'series' | 'completeSeries' | 'ignoreLateSeries'>;
  readonly maker: JobMaker;
  readonly routes: readonly AssemblyRoute[];
  readonly policy: CompletionPolicy;
  readonly momentOf: (series: OpenSeries) => Moment;
  readonly now: () => number;
  readonly log: Log;
};

/** What a pass over the open series left: whether there may be more that is due, and when the next one is. */
export type EarlyPass = { readonly full: boolean; readonly next_ms: number | undefined };

/**
 * Series of routes that do not wait for the study: each is taken in when nothing more comes of it, as a revision of its
 * own. The study's own revision, later, finds that these very images have had their job.
 */
export async function takeEarlySeries(deps: EarlySeriesDeps, limit: number): Promise<EarlyPass> {
  const early = deps.routes.filter(({ complete }) => complete === 'series');
  if (early.length === 0) return { full: false, next_ms: undefined };
  const open = deps.studies.openSeries(limit);
  let next_ms: number | undefined;
  let taken = 0;
  for (const series of open) {
    const decision = decideCompletion(series, deps.policy, deps.momentOf(series));
    if (decision.do === 'wait') next_ms = Math.min(next_ms ?? decision.until_ms, decision.until_ms);
    else taken += 1;
    if (decision.do === 'ignore-late') {
      const images = await deps.studies.ignoreLateSeries(series);
      deps.log.event('study-late-images-ignored', { study: series.studyId, images });
    }
    if (decision.do === 'complete') await take(series, decision.number);
  }
  return { full: open.length === limit && taken > 0, next_ms };

  async function take(series: OpenSeries, number: number): Promise<void> {
    const study = deps.studies.series(series.studyId, series.lastInstanceId);
    const made = await deps.maker.make(
      early,
      study.filter(({ seriesId }) => seriesId === series.seriesId),
      study,
    );
    const revision = await deps.studies.completeSeries(series, number, made.plan, deps.now());
    if (revision !== undefined) deps.maker.announce(revision, made);
  }
}
