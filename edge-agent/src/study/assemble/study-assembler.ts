import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Holds } from '../../store/sqlite-holds.ts';
import type { Jobs } from '../../store/sqlite-jobs.ts';
import type { RunReleases } from '../../store/sqlite-run-releases.ts';
import type { Studies, WaitingRevision } from '../../store/sqlite-studies.ts';
import type { Arrivals } from '../receive/arrivals.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import { step } from '../queue/job-state.ts';
import type { ActiveRelease, ActiveReleases } from './active-releases.ts';
import { type CompletionPolicy, decideCompletion, type OpenStudy } from './completion.ts';
import { type JobPlan, planJobs } from './plan-jobs.ts';
import { planUnmatched, type UnmatchedRoute, type UnmatchedStudy } from './plan-unmatched.ts';
import { type RefusedJob, refuseMixed } from './refuse-mixed.ts';
import type { SeriesFacts } from './select-series.ts';

export type AssemblerDeps = {
  readonly studies: Studies;
  readonly jobs: Jobs;
  readonly holds: Pick<Holds, 'isHeld'>;
  readonly releases: ActiveReleases;
  readonly runReleases: RunReleases;
  readonly routes: readonly UnmatchedRoute[];
  readonly policy: CompletionPolicy;
  readonly arrivals: Pick<Arrivals, 'lastActivity_ms' | 'count'>;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  /** New jobs are in the queue. */
  readonly onJobs: () => void;
  /** Studies that no release took, or that were refused, are to be reported. */
  readonly onUnmatched: () => void;
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
export function createStudyAssembler(deps: AssemblerDeps): StageLoop {
  const { studies, jobs, releases, routes, log } = deps;
  const releaseNames = [...new Set(routes.map(({ release }) => release))];
  const listeningSince_ms = deps.now();
  const hasJob = (series: SeriesFacts, releaseName: string): boolean => studies.hasJob(series, releaseName);

  async function pass(): Promise<number | undefined> {
    let full = await takeUpWaiting();
    full = (await retargetQueued()) || full;
    // Held studies are old in the list and must not crowd out those that are due.
    const limit = BATCH + deps.arrivals.count();
    const open = studies.open(limit);
    let next_ms: number | undefined;
    let taken = 0;
    for (const study of open) {
      const due_ms = await take(study).catch((error: unknown) => {
        // One study that cannot be taken in must not hold up the others.
        log.event('study-stage-failed', { stage: 'assemble', reason: describeError(error) });
        return deps.now() + RETRY_MS;
      });
      if (due_ms === undefined) taken += 1;
      next_ms = earlier(next_ms, due_ms);
    }
    // The list is ordered by age: when nothing in it was due, neither is what did not fit.
    return full || (open.length === limit && taken > 0) ? deps.now() : next_ms;
  }

  /** Takes a study in if it is complete; else says when it may be. */
  async function take(study: OpenStudy): Promise<number | undefined> {
    const decision = decideCompletion(study, deps.policy, {
      now_ms: deps.now(),
      listeningSince_ms,
      lastActivity_ms: deps.arrivals.lastActivity_ms(study.studyInstanceUid),
      // The list was read before the studies in front of this one were taken in.
      held: deps.holds.isHeld(study.studyId),
    });
    if (decision.do === 'wait') return decision.until_ms;
    if (decision.do === 'hold') return undefined;
    if (decision.do === 'complete') await complete(study, decision.number);
    else {
      await studies.ignoreLate(study);
      log.event('study-late-images-ignored', { study: study.studyId });
    }
    return undefined;
  }

  const activeOf = (name: string): ActiveRelease | undefined => releases.active(name);
  const activeOfRoutes = (): readonly ActiveRelease[] => releaseNames.flatMap((name) => releases.active(name) ?? []);

  async function remember(active: readonly ActiveRelease[]): Promise<void> {
    for (const { ref, release } of active) await deps.runReleases.remember(ref.sha256, release);
  }

  async function complete(study: OpenStudy, number: number): Promise<void> {
    const series = studies.series(study.studyId, study.lastInstanceId);
    const { plan, refused } = withoutMixed(planJobs(routes, series, activeOf, hasJob), series);
    const unmatched = planUnmatched(routes, routes, series, activeOf);
    await remember(activeOfRoutes());
    const revision = await studies.complete(study, number, series, plan, [...unmatched, ...refused], deps.now());
    deps.checkpoint('study-assembled');
    log.event('study-complete', {
      study: study.studyId,
      revision,
      number,
      series: series.length,
      jobs: plan.jobs.length,
      waiting: plan.waits.length,
    });
    announce(revision, plan, unmatched, refused);
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

  async function takeUp({ revisionId, studyId, through }: WaitingRevision, name: string): Promise<void> {
    const series = studies.series(studyId, through);
    const due = routes.filter(({ release }) => release === name);
    const { plan, refused } = withoutMixed(planJobs(due, series, activeOf, hasJob), series);
    if (plan.waits.length > 0) return;
    const unmatched = planUnmatched(due, routes, series, activeOf);
    await remember(activeOfRoutes());
    await studies.takeUp(revisionId, name, plan, [...unmatched, ...refused], deps.now());
    announce(revisionId, plan, unmatched, refused);
  }

  /** The plan without the jobs that must not run, and those of them that nobody has been told of. */
  function withoutMixed(plan: JobPlan, series: readonly SeriesFacts[]): { plan: JobPlan; refused: RefusedJob[] } {
    const { jobs: good, refused } = refuseMixed(plan.jobs, series);
    return { plan: { ...plan, jobs: good }, refused: refused.filter((job) => !studies.wasRefused(job)) };
  }

  function announce(
    revision: number,
    plan: JobPlan,
    unmatched: readonly UnmatchedStudy[],
    refused: readonly RefusedJob[],
  ): void {
    for (const { selected, reasons, ...which } of plan.decisions) {
      if (selected) log.event('series-selected', { revision, ...which });
      else log.event('series-not-selected', { revision, ...which, reasons: reasons.join(' ') });
    }
    for (const { releaseName, detail } of unmatched)
      log.event('study-unmatched', { revision, release: releaseName, detail });
    for (const { seriesId, releaseName, code, detail } of refused)
      log.event('series-refused', { revision, series: seriesId, release: releaseName, code, detail });
    if (unmatched.length + refused.length > 0) deps.onUnmatched();
    if (plan.jobs.length === 0) return;
    deps.checkpoint('job-queued');
    deps.onJobs();
  }

  /** Jobs that were queued for another version of a release go to the one that is active, if it still selects them. */
  async function retargetQueued(): Promise<boolean> {
    let full = false;
    for (const { ref, release } of releases.list()) {
      const ofRelease = routes.filter((route) => route.release === ref.name);
      const rows = jobs.queuedFor(ref.name, ref.sha256, BATCH);
      if (rows.length > 0) await deps.runReleases.remember(ref.sha256, release);
      for (const row of rows) {
        const facts = studies.oneSeries(row.seriesId, row.seriesThrough);
        const { jobs: planned, decisions } = planJobs(ofRelease, [facts], activeOf, () => false);
        const [first] = planned;
        if (first !== undefined) await jobs.retarget(row, ref.version, ref.sha256, first.routes);
        else {
          const superseded = step(row.job, { type: 'superseded' });
          if (superseded.ok) await jobs.move(row, superseded.value, deps.now());
          for (const { selected: _, reasons, ...which } of decisions)
            log.event('series-not-selected', { ...which, reasons: reasons.join(' ') });
        }
      }
      if (rows.length > 0) deps.onJobs();
      full ||= rows.length === BATCH;
    }
    return full;
  }

  return createStageLoop({ stage: 'assemble', pass, now: deps.now, after: deps.after, log });
}
