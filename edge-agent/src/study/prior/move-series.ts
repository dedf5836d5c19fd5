import {
  type Association,
  AssociationError,
  encodeFindIdentifier,
  type MoveCounts,
  STUDY_ROOT_MOVE,
} from '../../dimse/index.ts';
import type { After } from '../../timers.ts';
import { failedAssociation, failedStatus, type PriorFailure } from './prior-failure.ts';

/** How a C-MOVE ended; without a failure the PACS says that it has sent everything. */
export type MoveEnd = { readonly counts: MoveCounts; readonly failure?: PriorFailure };

export type MoveSeriesDeps = {
  /** Our own AE title: where the PACS is to send to. */
  readonly destination: string;
  /** A PACS that neither reports progress nor sends for so long is given up. */
  readonly idle_ms: number;
  readonly after: After;
  /** Calls back whenever an image of the study arrives; gives how to end that. */
  readonly onArrival: (studyInstanceUid: string, arrived: () => void) => () => void;
};

/** After a C-CANCEL the final response is waited for so long; then the association is aborted. */
export const CANCEL_WAIT_MS = 5_000;

/**
 * Has the PACS send one series to us (C-MOVE, Study Root, PS3.4 §C.4.2), and waits until it says that it has. What it
 * sends comes to our own Storage SCP, which answers each image when it is on the disk: so with the final response
 * everything that was sent is here.
 *
 * @param signal asks the PACS to stop (C-CANCEL): nobody waits for the series any more
 */
export async function moveSeries(
  association: Association,
  { studyInstanceUid, seriesInstanceUid }: { readonly studyInstanceUid: string; readonly seriesInstanceUid: string },
  { destination, idle_ms, after, onArrival }: MoveSeriesDeps,
  signal: AbortSignal,
): Promise<MoveEnd> {
  let counts: MoveCounts = {};
  let gaveUp: PriorFailure | undefined;
  let endIdle: () => void = () => undefined;
  let endCancel: () => void = () => undefined;
  let endArrivals: () => void = () => undefined;
  let cancel: () => void = () => undefined;
  try {
    const identifier = encodeFindIdentifier(
      { queryRetrieveLevel: 'SERIES', studyInstanceUid, seriesInstanceUid },
      association.transferSyntaxOf(STUDY_ROOT_MOVE) ?? '',
    );
    const move = association.move(STUDY_ROOT_MOVE, identifier, {
      destination,
      onProgress(now) {
        counts = now;
        stirred();
      },
    });
    cancel = () => {
      endIdle();
      move.cancel();
      endCancel = after(CANCEL_WAIT_MS, () => association.abort());
    };
    const giveUp = (failure: PriorFailure): void => {
      gaveUp ??= failure;
      cancel();
    };
    function stirred(): void {
      endIdle();
      if (gaveUp !== undefined || signal.aborted) return;
      endIdle = after(idle_ms, () => giveUp({ reason: 'priors-source-failed', again: true, detail: 'nothing came' }));
    }
    endArrivals = onArrival(studyInstanceUid, stirred);
    signal.addEventListener('abort', cancel, { once: true });
    stirred();
    if (signal.aborted) cancel();
    const outcome = await move.outcome();
    if (outcome.status === 0) return { counts: outcome.counts };
    const stopped = { reason: 'priors-late', again: false, detail: 'nobody waits for it any more' } as const;
    const failure = gaveUp ?? (signal.aborted ? stopped : failedStatus(outcome));
    return { counts: { ...counts, ...outcome.counts }, failure };
  } catch (error) {
    if (!(error instanceof AssociationError)) throw error;
    return { counts, failure: gaveUp ?? failedAssociation(error) };
  } finally {
    endIdle();
    endCancel();
    endArrivals();
    signal.removeEventListener('abort', cancel);
  }
}
