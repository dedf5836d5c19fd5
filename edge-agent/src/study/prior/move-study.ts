import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import {
  type Association,
  AssociationError,
  messageTransferSyntaxes,
  type OpenAssociation,
  openAssociation,
  STUDY_ROOT_MOVE,
} from '../../dimse/index.ts';
import type { PriorFetch, PriorFetches } from '../../store/sqlite-prior-fetches.ts';
import { CANCEL_WAIT_MS, type MoveEnd, moveSeries, type MoveSeriesDeps } from './move-series.ts';
import { failedAssociation, type PriorFailure } from './prior-failure.ts';

export type MoveStudyDeps = MoveSeriesDeps & {
  readonly peer: Omit<OpenAssociation, 'contexts'>;
  readonly fetches: Pick<PriorFetches, 'dueOfStudy' | 'begun' | 'came' | 'failed' | 'images'>;
  /** Until when somebody waits for the study. */
  readonly deadline_ms: () => number;
  readonly attemptsMax: number;
  /** After so many attempts, until the next. */
  readonly wait_ms: (attempt: number) => number;
  /** The appliance stops: what is being moved is moved again after the next start. */
  readonly stopping: () => boolean;
  readonly now: () => number;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
};

/**
 * Moves the series of one study that are due, one after the other over one association. Each is noted before the PACS is
 * asked for it, and what became of it before the next: after a crash it is moved again, and what is here already is
 * answered as a duplicate.
 *
 * @param signal nobody waits for the study any more, or the appliance stops
 */
export async function moveStudy(study: string, signal: AbortSignal, deps: MoveStudyDeps): Promise<void> {
  const { fetches, now, log } = deps;
  const due = fetches.dueOfStudy(study, now());
  let association: Association | undefined;
  let lost: PriorFailure | undefined;
  for (const fetch of due) {
    if (signal.aborted) break;
    const begun_ms = now();
    await fetches.begun(fetch, begun_ms);
    deps.checkpoint('prior-moving');
    const end: MoveEnd = lost === undefined ? await move(fetch) : { counts: {}, failure: lost };
    await note(fetch, end, begun_ms);
  }
  await association?.release().catch(() => association?.abort());

  async function move(fetch: PriorFetch): Promise<MoveEnd> {
    try {
      association ??= await open();
    } catch (error) {
      if (!(error instanceof AssociationError)) throw error;
      lost = failedAssociation(error);
      return { counts: {}, failure: lost };
    }
    const end = await moveSeries(association, fetch, deps, signal);
    // A PACS that failed on one series may have ended the association with it.
    if (end.failure !== undefined) {
      association.abort();
      association = undefined;
    }
    return end;
  }

  function open(): Promise<Association> {
    return openAssociation({
      ...deps.peer,
      // A PACS need not report progress: what bounds the wait is that something comes, and the deadline.
      timeouts_ms: { ...deps.peer.timeouts_ms, response: Math.max(0, deps.deadline_ms() - now()) + 2 * CANCEL_WAIT_MS },
      contexts: [{ abstractSyntax: STUDY_ROOT_MOVE, transferSyntaxes: messageTransferSyntaxes }],
    });
  }

  async function note(fetch: PriorFetch, { counts, failure }: MoveEnd, begun_ms: number): Promise<void> {
    const images = fetches.images(fetch);
    const attempt = fetch.attempts + 1;
    const duration_ms = Math.round(now() - begun_ms);
    deps.checkpoint('prior-moved');
    // What counts is what is here: also what came in spite of a failure, or from somebody else meanwhile.
    if (images > 0 && images >= (fetch.expected ?? (failure === undefined ? 1 : Number.POSITIVE_INFINITY))) {
      await fetches.came(fetch, now());
      return log.event('prior-series-moved', { images, attempt, duration_ms });
    }
    if (deps.stopping()) return;
    const why: PriorFailure = failure ?? { reason: 'priors-incomplete', again: true, detail: 'fewer came' };
    const again = why.again && attempt < deps.attemptsMax && !signal.aborted;
    await fetches.failed(fetch, why.reason, again ? now() + deps.wait_ms(attempt) : undefined, now());
    log.event('prior-series-not-moved', {
      ...{ reason: why.detail, attempt, again, completed: counts.completed ?? 0, failed: counts.failed ?? 0 },
      ...{ images, expected: fetch.expected ?? 0, duration_ms },
    });
  }
}
