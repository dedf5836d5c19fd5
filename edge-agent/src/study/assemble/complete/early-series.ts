import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { Studies } from '../../../store/sqlite-studies.ts';
import { type CompletionPolicy, decideCompletion, type Moment, type OpenSeries } from './completion.ts';
import type { AssemblyRoute, JobMaker } from '../route/job-maker.ts';

export type EarlySeriesDeps = {
  readonly studies: Pick<Studies, 'openSeries' | 'series' | 'completeSeries' | 'ignoreLateSeries'>;
  readonly maker: JobMaker;
  readonly routes: readonly AssemblyRoute[];
  readonly policy: CompletionPolicy;
  readonly momentOf: (series: OpenSeries) => Moment;
  readonly now: () => number;
  readonly log: Log;
};

/** A series that could not be taken in is tried again after this. */
const RETRY_MS = 1_000;

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
    const due_ms = await takeWhenDue(series).catch((error: unknown) => {
      // One series that cannot be taken in must not hold up the others.
      deps.log.event('study-stage-failed', { stage: 'assemble', reason: describeError(error) });
      return deps.now() + RETRY_MS;
    });
    if (due_ms === undefined) taken += 1;
    else next_ms = Math.min(next_ms ?? due_ms, due_ms);
  }
  return { full: open.length === limit && taken > 0, next_ms };

  /** Takes a series in if it is complete; else says when it may be. */
  async function takeWhenDue(series: OpenSeries): Promise<number | undefined> {
    const decision = decideCompletion(series, deps.policy, deps.momentOf(series));
    if (decision.do === 'wait') return decision.until_ms;
    if (decision.do === 'ignore-late') {
      const images = await deps.studies.ignoreLateSeries(series);
      deps.log.event('study-late-images-ignored', { study: series.studyId, images });
    }
    if (decision.do === 'complete') await take(series);
    return undefined;
  }

  async function take(series: OpenSeries): Promise<void> {
    const study = deps.studies.series(series.studyId, series.lastInstanceId);
    const made = await deps.maker.make(
      early,
      study.filter(({ seriesId }) => seriesId === series.seriesId),
      study,
    );
    const revision = await deps.studies.completeSeries(series, made.plan, deps.now());
    if (revision !== undefined) deps.maker.announce(revision, made);
  }
}
