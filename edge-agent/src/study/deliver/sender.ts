import type { Answer, DeliveryFailure, DeliveryRow } from '../../store/delivery-row.ts';

/** What became of one object. */
export type Outcome =
  | { readonly type: 'answered'; readonly answer: Answer }
  | { readonly type: 'failed'; readonly failure: DeliveryFailure };

/** The destination cannot be used for now: what was not told of has not been sent, and waits. */
export type Away = { readonly detail: string };

/** Tells of one object as soon as its outcome is known; resolves when that is on disk. */
export type Tell = (row: DeliveryRow, outcome: Outcome) => Promise<void>;

/** How one kind of destination is sent to; one `send` at a time. */
export type Sender = {
  /** Each row is told of at most once; a row that was not told of has not left this machine. */
  send(rows: readonly DeliveryRow[], tell: Tell): Promise<Away | undefined>;
  /** There is nothing to send for now. */
  rest(): void;
  /** Ends at once what is under way. */
  stop(): void;
};

export const failedWith = (failure: DeliveryFailure): Outcome => ({ type: 'failed', failure });

/** Longest remark of a destination that is kept; Error Comment (0000,0902) has at most 64. */
const COMMENT_CHARACTERS_MAX = 200;

/** What a destination remarked, on one line and without UIDs, which lead to a patient. */
export const remark = (text: string): string =>
  text
    .replaceAll(/\d+(?:\.\d+){4,}/g, '(UID)')
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, COMMENT_CHARACTERS_MAX);
