import { describeError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import { createSqliteStoredStudies } from '../../store/sqlite-stored-studies.ts';
import type { After } from '../../timers.ts';
import type { Intake } from '../receive/intake.ts';
import { reconcile } from './reconcile.ts';

/** Compares the database with the disk once after a start. A fault of it is logged, and no reason not to work. */
export type StartComparison = {
  /** Before anything is received: there is little to look at. */
  ofQuarantine(): Promise<void>;
  /** In the background: nothing waits for it. */
  ofStudies(): Promise<void>;
};

export type StartComparisonDeps = {
  readonly store: Store;
  /** Absolute. */
  readonly dataDir: string;
  readonly intake: Pick<Intake, 'adopt' | 'takeUp' | 'gate'>;
  readonly stopped: () => boolean;
  readonly now: () => number;
  readonly after: After;
  readonly log: Log;
};

/** Between two studies: at most fifty folders a second. */
const PAUSE_MS = 20;

export function createStartComparison(deps: StartComparisonDeps): StartComparison {
  const { intake, dataDir, stopped, now, log } = deps;
  const unlessItFails = async (compare: () => Promise<void>): Promise<void> => {
    try {
      await compare();
    } catch (error) {
      log.event('study-stage-failed', { stage: 'compare', reason: describeError(error) });
    }
  };
  return {
    ofQuarantine: () =>
      unlessItFails(() => intake.adopt((found) => log.event('quarantine-file-without-row', { found }))),
    ofStudies: () =>
      unlessItFails(async () => {
        const begun = now();
        const { setAside, ...counts } = await reconcile({
          studies: createSqliteStoredStudies(deps.store),
          dataDir,
          startedAt_ms: begun,
          takeUp: (path) => intake.takeUp(path),
          gate: intake.gate,
          pause: () => new Promise<void>((resolve) => void deps.after(PAUSE_MS, resolve)),
          stopped,
          log,
        });
        log.event('studies-compared', { ...counts, set_aside: setAside, duration_ms: now() - begun });
      }),
  };
}
