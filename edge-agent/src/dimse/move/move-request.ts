import { outcomeOf } from '../event-report.ts';
import { type CommandSet, commandFields } from '../message/command-set.ts';
import type { Requester } from '../requester.ts';
import type { StoreOutcome } from '../scp/store-sink.ts';

/** Study Root Query/Retrieve Information Model – MOVE (PS3.4 §C.6.2). */
export const STUDY_ROOT_MOVE = '1.2.840.10008.5.1.4.1.2.2.2';

/** C-STORE sub-operations of a C-MOVE as the peer counts them; one that it does not count is absent. */
export type MoveCounts = {
  readonly remaining?: number;
  readonly completed?: number;
  readonly failed?: number;
  readonly warning?: number;
};

export type MoveOptions = {
  /** AE title that the objects are sent to; the peer must know its address. */
  readonly destination: string;
  /** The counts of each response that says that more will follow. */
  readonly onProgress?: (counts: MoveCounts) => void;
};

/**
 * 0000H: all were sent. B000H: some could not be. A801H: the peer does not know the destination. FE00H: cancelled.
 * Others are failures (PS3.4 Table C.4-2).
 */
export type MoveOutcome = StoreOutcome & { readonly counts: MoveCounts };

export type Move = {
  /** The final status; what was sent came, or comes, on associations of the peer's own. */
  outcome(): Promise<MoveOutcome>;
  /** C-CANCEL: asks to send no more (PS3.4 §C.4.2.3.1). */
  cancel(): void;
};

export type MoveRequest = {
  readonly requester: Requester;
  readonly contextId: number;
  readonly sopClassUid: string;
  readonly identifier: Uint8Array;
};

/** Sends a C-MOVE at once (PS3.4 §C.4.2). */
export function createMove(
  { requester, contextId, sopClassUid, identifier }: MoveRequest,
  { destination, onProgress }: MoveOptions,
): Move {
  const { messageId, response } = requester.request({
    step: 'move',
    contextId,
    command: {
      commandField: commandFields.cMoveRq,
      priority: 0,
      affectedSopClassUid: sopClassUid,
      moveDestination: destination,
    },
    dataSet: identifier,
    onPending: ({ command }) => onProgress?.(countsOf(command)),
  });
  const final = response.then(({ command }) => ({ ...outcomeOf(command), counts: countsOf(command) }));
  final.catch(() => undefined); // Told to whoever asks for the outcome.
  return { outcome: () => final, cancel: () => requester.cancel(contextId, messageId) };
}

const countsOf = (command: CommandSet): MoveCounts => ({
  ...(command.suboperationsRemaining !== undefined && { remaining: command.suboperationsRemaining }),
  ...(command.suboperationsCompleted !== undefined && { completed: command.suboperationsCompleted }),
  ...(command.suboperationsFailed !== undefined && { failed: command.suboperationsFailed }),
  ...(command.suboperationsWarning !== undefined && { warning: command.suboperationsWarning }),
});
