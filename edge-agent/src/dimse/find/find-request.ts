import { AssociationError } from '../association-error.ts';
import { outcomeOf } from '../event-report.ts';
import { commandFields } from '../message/command-set.ts';
import type { Requester } from '../requester.ts';
import type { StoreOutcome } from '../scp/store-sink.ts';

export type FindOptions = {
  /** Matches taken before the rest is cancelled; 1,000 when absent. */
  readonly matchesMax?: number;
};

export const FIND_MATCHES_MAX = 1_000;
/** Matches that a peer may still send after it was asked to stop; one that sends more is ended. */
const MATCHES_AFTER_CANCEL_MAX = 10_000;

/** The matches of a C-FIND, as encoded identifiers in the order that they come. Leaving the loop cancels the rest. */
export type Find = AsyncIterable<Buffer> & {
  /** The final status: success, cancelled (FE00H), or a failure; `truncated` when matches beyond the bound were left. */
  outcome(): Promise<StoreOutcome & { readonly truncated: boolean }>;
  /** C-CANCEL: asks for no more matches (PS3.4 §C.4.1.3.1). */
  cancel(): void;
};

export type FindRequest = {
  readonly requester: Requester;
  readonly contextId: number;
  readonly sopClassUid: string;
  readonly identifier: Uint8Array;
};

/** Sends a C-FIND at once; its matches are held, up to their bound, until somebody asks for them (PS3.4 §C.4.1). */
export function createFind(
  { requester, contextId, sopClassUid, identifier }: FindRequest,
  { matchesMax = FIND_MATCHES_MAX }: FindOptions = {},
): Find {
  const held: Buffer[] = [];
  let taken = 0;
  let afterCancel = 0;
  let cancelled = false;
  let truncated = false;
  let wake: () => void = () => undefined;

  const { messageId, response } = requester.request({
    step: 'find',
    contextId,
    command: { commandField: commandFields.cFindRq, priority: 0, affectedSopClassUid: sopClassUid },
    dataSet: identifier,
    onPending({ dataSet }) {
      if (cancelled) {
        afterCancel += 1;
        if (afterCancel > MATCHES_AFTER_CANCEL_MAX) requester.abort('matches go on after a C-CANCEL');
        return;
      }
      if (taken >= matchesMax) {
        truncated = true;
        return cancel();
      }
      taken += 1;
      held.push(dataSet ?? Buffer.alloc(0));
      wake();
    },
  });
  let ended: { readonly failed?: unknown } | undefined;
  const final = response.then(
    ({ command }) => {
      ended = {};
      wake();
      return { ...outcomeOf(command), truncated };
    },
    (failed: unknown) => {
      ended = { failed };
      wake();
      throw failed;
    },
  );
  final.catch(() => undefined); // Told to whoever asks for the outcome, and to the loop below.

  function cancel(): void {
    if (cancelled || ended !== undefined) return;
    cancelled = true;
    requester.cancel(contextId, messageId);
  }

  return {
    cancel,
    outcome: () => final,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          const match = held.shift();
          if (match !== undefined) yield match;
          else if (ended === undefined) await new Promise<void>((resolve) => (wake = resolve));
          else if (ended.failed !== undefined) throw ended.failed;
          else return;
        }
      } finally {
        held.length = 0;
        cancel();
        await final.catch(ignoreAssociationEnd);
      }
    },
  };
}

/** The loop has thrown it already, or was left before it happened. */
function ignoreAssociationEnd(error: unknown): void {
  if (!(error instanceof AssociationError)) throw error;
}
