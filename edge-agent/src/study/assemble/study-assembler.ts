import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { CompletionRule } from '@collimator/shared/contracts/agent-config/assembly';
import type { Holds } from '../../store/sqlite-holds.ts';
import type { Jobs } from '../../store/sqlite-jobs.ts';
import type { RunReleases } from '../../store/sqlite-run-releases.ts';
import type { SourceReleases } from '../../store/sqlite-source-releases.ts';
import type { Studies, WaitingRevision } from '../../store/sqlite-studies.ts';
import type { Arrivals } from '../receive/arrivals.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import type { ActiveReleases } from './route/active-releases.ts';
import { type CompletionPolicy, decideCompletion, type Moment, type OpenStudy } from './complete/completion.ts';
import { judgeRelease } from './complete/completion-rules.ts';
import { takeEarlySeries } from './complete/early-series.ts';
import { type AssemblyRoute, createJobMaker } from './route/job-maker.ts';
import { retargetQueued } from './route/retarget-queued.ts';

export type AssemblerDeps = {
  readonly studies: Studies;
  readonly sourceReleases: Pick<SourceReleases, 'note' | 'unjudged' | 'judge' | 'reopen'>;
  readonly jobs: Jobs;
  readonly holds: Pick<Holds, 'isHeld'>;
  readonly releases: ActiveReleases;
  readonly runReleases: RunReleases;
  readonly routes: readonly AssemblyRoute[];
  readonly policy: CompletionPolicy;
  readonly rules: readonly CompletionRule[];
  readonly arrivals: Pick<Arrivals, 'lastActivity_ms' | 'count'>;
  readonly now: () => number;
  /** Start of the appliance, milliseconds since 1970; now when absent. */
  readonly listeningSince_ms?: number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** Reads at most so many key objects that came in; tells whether there may be more. */
  readonly readNotes: (limit: number) => Promise<boolean>;
  /** It is noted that a source with a rule is done with some study. */
  readonly onReleaseNoted: (source: string) => void;
  /** New jobs are in the queue. */
  readonly onJobs: () => void;
  /** Studies that no release took, or that were refused, are to be reported. */
  readonly onUnmatched: () => void;
};

/** A sender is done: what it brought, as far as nobody else is in the middle of it. */
export type SenderDone = { readonly callingAeTitle: string; readonly studyInstanceUids: readonly string[] };

export type StudyAssembler = StageLoop & {
  /** Resolves when it is on the disk that the sender is done, where a rule asks for that. */
  released(sender: SenderDone): Promise<void>;
};

/** Rows taken at a time; what is left comes in the next pass. */
const BATCH = 64;
/** A study that could not be taken in is tried again after this. */
const RETRY_MS = 1_000;

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/**
 * Finds complete studies and makes their jobs. Everything it knows is in the database: the same code runs after a
 * restart, after a swap of a release, and when an image arrives.
 */
export function createStudyAssembler(deps: AssemblerDeps): StudyAssembler {
  const { studies, releases, routes, log } = deps;
  const maker = createJobMaker({ ...deps, lateImages: deps.policy.lateImages });
  const releaseNames = [...new Set(routes.map(({ release }) => release))];
  const listeningSince_ms = deps.listeningSince_ms ?? deps.now();

  const momentOf = (open: OpenStudy, seriesUid?: string): Moment => ({
    now_ms: deps.now(),
    listeningSince_ms,
    lastActivity_ms: deps.arrivals.lastActivity_ms(open.studyInstanceUid, seriesUid),
    released: open.released,
    // Lists are read before the studies in front of this one are taken in.
    held: deps.holds.isHeld(open.studyId),
  });

  let rulesAreNew = true;

  async function pass(): Promise<number | undefined> {
    // First what was said of images: nothing is made of what is rejected.
    let full = await deps.readNotes(BATCH);
    full = (await judgeReleases()) || full;
    full = (await takeUpWaiting()) || full;
    full = (await retargetQueued(deps, BATCH)) || full;
    const early = await takeEarlySeries(
      {
        ...{ studies, maker, routes, log, now: deps.now, policy: deps.policy },
        momentOf: (series) => momentOf(series, series.seriesInstanceUid),
      },
      BATCH,
    );
    full ||= early.full;
    // Studies whose sender is done may be due although they are young.
    for (const study of studies.released(BATCH)) await takeOrRetry(study);
    // Held studies are old in the list and must not crowd out those that are due.
    const limit = BATCH + deps.arrivals.count();
    const open = studies.open(limit);
    let next_ms = early.next_ms;
    let taken = 0;
    for (const study of open) {
      const due_ms = await takeOrRetry(study);
      if (due_ms === undefined) taken += 1;
      next_ms = earlier(next_ms, due_ms);
    }
    // The list is ordered by age: when nothing in it was due, neither is what did not fit.
    return full || (open.length === limit && taken > 0) ? deps.now() : next_ms;
  }

  /** Whatever was learned of senders that are done; at the start all of it, for the rules may be others than before. */
  async function judgeReleases(): Promise<boolean> {
    if (rulesAreNew) await deps.sourceReleases.reopen();
    rulesAreNew = false;
    const unjudged = deps.sourceReleases.unjudged(BATCH);
    for (const one of unjudged) await deps.sourceReleases.judge(one, judgeRelease(one.lastInstanceId, one, deps.rules));
    return unjudged.length === BATCH;
  }

  /** One study that cannot be taken in must not hold up the others. */
  const takeOrRetry = (study: OpenStudy): Promise<number | undefined> =>
    take(study).catch((error: unknown) => {
      log.event('study-stage-failed', { stage: 'assemble', reason: describeError(error) });
      return deps.now() + RETRY_MS;
    });

  /** Takes a study in if it is complete; else says when it may be. */
  async function take(study: OpenStudy): Promise<number | undefined> {
    const decision = decideCompletion(study, deps.policy, momentOf(study));
    if (decision.do === 'wait') return decision.until_ms;
    if (decision.do === 'hold') return undefined;
    if (decision.do === 'complete') await complete(study, decision.number);
    else {
      const images = await studies.ignoreLate(study);
      log.event('study-late-images-ignored', { study: study.studyId, images });
    }
    return undefined;
  }

  async function complete(study: OpenStudy, number: number): Promise<void> {
    const series = studies.series(study.studyId, study.lastInstanceId);
    const made = await maker.make(routes, series, series);
    const { plan, ended } = made;
    const revision = await studies.complete(study, number, series, plan, ended, deps.now());
    deps.checkpoint('study-assembled');
    log.event('study-complete', {
      study: study.studyId,
      revision,
      number,
      series: series.length,
      jobs: plan.jobs.length,
      waiting: plan.waits.length,
    });
    maker.announce(revision, made);
  }

  /** Complete studies that waited for a release which is active now. */
  async function takeUpWaiting(): Promise<boolean> {
    let full = false;
    for (const name of releaseNames) {
      if (releases.active(name) === undefined) continue;
      const waiting = studies.waiting(name, BATCH);
      for (const revision of waiting) await takeUp(revision, name);
      full ||= waiting.length === BATCH;
    }
    return full;
  }

  async function takeUp({ revisionId, studyId, seriesId, through }: WaitingRevision, name: string): Promise<void> {
    const study = studies.series(studyId, through);
    const series = seriesId === null ? study : study.filter((one) => one.seriesId === seriesId);
    const made = await maker.make(
      routes.filter(({ release }) => release === name),
      series,
      study,
    );
    if (made.plan.waits.length > 0) return;
    await studies.takeUp(revisionId, name, made.plan, made.ended, deps.now());
    maker.announce(revisionId, made);
  }

  const loop = createStageLoop({ stage: 'assemble', pass, now: deps.now, after: deps.after, log });
  return {
    ...loop,
    async released({ callingAeTitle, studyInstanceUids }) {
      const ruled = deps.rules.some(({ source }) => source === callingAeTitle);
      if (ruled && studyInstanceUids.length > 0) {
        await deps.sourceReleases.note(studyInstanceUids, callingAeTitle, deps.now());
        deps.checkpoint('release-noted');
        deps.onReleaseNoted(callingAeTitle);
      }
      loop.wake();
    },
  };
}
