import { dirname, join } from 'node:path';
import { describeError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { RemovableStudy, Retention } from '../../store/sqlite-retention.ts';
import type { KeptJob, SentJob, Withdrawable, WithdrawableBounds } from '../../store/sqlite-withdrawable.ts';
import type { After } from '../../timers.ts';
import { createStageLoop, type StageLoop } from '../queue/stage-loop.ts';
import type { FileRemoval } from '../receive/disk/file-removal.ts';
import type { StudyGate } from '../receive/study-gate.ts';
import { bytesIn } from './bytes-in.ts';
import { planRemoval, priorIsDone, type RemovalReason, type RetentionPolicy } from './plan-removal.ts';
import { removeIfEmpty } from './remove-if-empty.ts';

export type CleanerDeps = {
  readonly retention: Retention;
  readonly policy: RetentionPolicy & { readonly keepPriors_ms: number; readonly withdrawable: WithdrawableBounds };
  readonly withdrawable: Withdrawable;
  /** See `keepSubject`. */
  readonly keepSubject: (job: SentJob) => Promise<KeptJob>;
  /** Absolute. */
  readonly dataDir: string;
  readonly removal: Pick<FileRemoval, 'run'>;
  /** The same as the sink's. */
  readonly gate: StudyGate;
  /** Fill of the disk, 0 to 1. */
  readonly used: () => number;
  /** Lets go what has lain in the quarantine for too long; resolves with how many. */
  readonly expireQuarantine: () => Promise<number>;
  /** Between two looks at the disk. */
  readonly interval_ms: number;
  /** A study was removed, and so many bytes of files with it. */
  readonly onRemoved: (reason: RemovalReason, bytes: number) => void;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
};

/** Until the next look when a study was in use: it is compared with the disk, or an image of it is coming in. */
const BUSY_MS = 1_000;
/** Studies removed in one pass; the next follows at once. */
const BATCH = 16;

/** Removes studies that are done with, as far as the disk or the configuration asks for it; see `planRemoval`. */
export function createCleaner(deps: CleanerDeps): StageLoop {
  const { retention, log } = deps;
  /** Studies that could not be removed; they are tried again after a restart, and are in nobody's way until then. */
  const stuck = new Set<number>();
  /** Studies of which an image was coming in; they are tried again in the next pass. */
  const busy = new Set<number>();

  async function pass(): Promise<number> {
    busy.clear();
    const expired = await deps.expireQuarantine();
    if (expired > 0) log.event('quarantine-expired', { entries: expired });
    await forgetWithdrawable();
    for (let removed = 0; removed < BATCH; removed += 1) {
      const except = [...stuck, ...busy];
      const prior = retention.oldestPrior(except);
      if (prior !== undefined && priorIsDone(prior.lastReceived_ms, deps.used(), deps.policy, deps.now())) {
        await remove(prior, 'prior');
        continue;
      }
      const oldest = retention.oldestSettled(except);
      const plan = planRemoval(oldest, deps.used(), deps.policy, deps.now());
      if (oldest === undefined || plan === undefined) return deps.now() + (busy.size > 0 ? BUSY_MS : deps.interval_ms);
      await remove(oldest, plan.reason);
    }
    return deps.now();
  }

  async function remove(study: RemovableStudy, reason: RemovalReason): Promise<void> {
    const { studyId } = study;
    try {
      const removed = await deps.gate.alone(study.studyInstanceUid, async () => {
        const kept = await keepSubjects(studyId);
        deps.checkpoint('subjects-kept');
        const paths = await retention.letGo(study, kept, deps.now());
        deps.checkpoint('study-let-go');
        const bytes = await bytesIn(deps.dataDir, paths);
        await deps.removal.run(paths);
        await removeEmpty(paths);
        return { files: paths.length, bytes };
      });
      if (removed === undefined) return void busy.add(studyId);
      deps.onRemoved(reason, removed.bytes);
      log.event('study-removed', { study: studyId, reason, ...removed, age_s: ageOf(study) });
    } catch (error) {
      stuck.add(studyId);
      log.event('study-removal-failed', { study: studyId, reason: describeError(error) });
    }
  }

  /** What cannot be kept is told and goes all the same: a disk without room is to be freed. */
  async function keepSubjects(studyId: number): Promise<readonly KeptJob[]> {
    if (deps.policy.withdrawable.keep_ms === 0) return [];
    const kept: KeptJob[] = [];
    for (const job of deps.withdrawable.ofStudy(studyId)) {
      try {
        kept.push(await deps.keepSubject(job));
      } catch (error) {
        log.event('withdrawable-not-kept', { job: job.jobId, reason: describeError(error) });
      }
    }
    return kept;
  }

  async function forgetWithdrawable(): Promise<void> {
    const { keep_ms, jobsMax } = deps.policy.withdrawable;
    const paths = await deps.withdrawable.forget(deps.now() - keep_ms, jobsMax);
    if (paths.length === 0) return;
    await deps.removal.run(paths);
    log.event('withdrawable-forgotten', { jobs: paths.length });
  }

  const ageOf = ({ lastReceived_ms }: RemovableStudy): number => Math.round((deps.now() - lastReceived_ms) / 1000);

  /** The folders of the images, of a series before that of its study; those that hold something else stay. */
  async function removeEmpty(paths: readonly string[]): Promise<void> {
    const series = new Set(paths.filter((path) => path.startsWith('studies/')).map((path) => dirname(path)));
    for (const folder of [...series, ...new Set([...series].map((path) => dirname(path)))])
      await removeIfEmpty(join(deps.dataDir, folder));
  }

  return createStageLoop({ stage: 'retain', pass, now: deps.now, after: deps.after, log });
}
