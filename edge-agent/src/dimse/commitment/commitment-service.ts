import { type EventReport, eventReportOf, type OnEventReport, type ReceivedEventReport } from '../event-report.ts';
import { type CommandSet, commandFields } from '../message/command-set.ts';
import { status } from '../message/statuses.ts';
import type { Result } from '../result.ts';
import type { Peer } from '../scp/scp-events.ts';
import type { StoreOutcome } from '../scp/store-sink.ts';
import {
  COMMITMENT_ACTION,
  COMMITMENT_FAILURES_EVENT,
  COMMITMENT_SUCCESS_EVENT,
  type CommitmentReport,
  type CommitmentRequest,
  commitmentEvent,
  decodeCommitmentReport,
  decodeCommitmentRequest,
  encodeCommitmentReport,
  STORAGE_COMMITMENT,
  STORAGE_COMMITMENT_INSTANCE,
} from './commitment-data-sets.ts';

/** Sends a commitment report on the association that the request came on, while that is open. */
export type ReplyWithReport = (report: CommitmentReport) => Promise<StoreOutcome>;

/** Storage commitment at the acceptor (PS3.4 Annex J); what a handler throws is answered with 0110H. */
export type CommitmentService = {
  /** A PACS reports on what we asked it to commit, on an association that it opened. */
  readonly onEventReport?: (report: CommitmentReport, peer: Peer) => Promise<StoreOutcome>;
  /**
   * Somebody asks us to commit. Without this, an N-ACTION is refused as not agreed (0211H). The status answers the
   * request; the report follows later, by `reply` after this has resolved, or on an association of our own.
   */
  readonly onAction?: (request: CommitmentRequest, peer: Peer, reply: ReplyWithReport) => Promise<StoreOutcome>;
};

/** For `openAssociation`'s `onEventReport`: answers a commitment report, and refuses any other event (PS3.4 §J.3.3). */
export const commitmentReports =
  (onReport: (report: CommitmentReport) => Promise<StoreOutcome>): OnEventReport =>
  (event) =>
    answerReport(event, onReport);

/** A commitment report as an event, for `Association.eventReport`. */
export const commitmentEventReport = (report: CommitmentReport, transferSyntaxUid: string): EventReport => ({
  sopClassUid: STORAGE_COMMITMENT,
  sopInstanceUid: STORAGE_COMMITMENT_INSTANCE,
  eventTypeId: commitmentEvent(report),
  dataSet: encodeCommitmentReport(report, transferSyntaxUid),
});

/** Answers a request of the commitment class that came to the acceptor; `dataSet` is undefined where none came. */
export async function answerCommitment(
  service: CommitmentService,
  request: { readonly command: CommandSet; readonly dataSet?: Buffer | undefined; readonly transferSyntaxUid: string },
  peer: Peer,
  reply: ReplyWithReport,
): Promise<StoreOutcome> {
  const { command, dataSet, transferSyntaxUid } = request;
  const { onAction, onEventReport } = service;
  if (command.commandField === commandFields.nEventReportRq && onEventReport !== undefined)
    return answerReport(eventReportOf(command, dataSet, transferSyntaxUid), (report) => onEventReport(report, peer));
  if (command.commandField !== commandFields.nActionRq || onAction === undefined)
    return { status: status.unrecognizedOperation, comment: 'this operation was not agreed' };
  if (command.requestedSopInstanceUid !== STORAGE_COMMITMENT_INSTANCE) return noSuchInstance;
  if (command.actionTypeId !== COMMITMENT_ACTION) return { status: status.noSuchAction };
  return decoded(
    dataSet,
    (bytes) => decodeCommitmentRequest(bytes, transferSyntaxUid),
    (asked) => onAction(asked, peer, reply),
  );
}

async function answerReport(
  event: ReceivedEventReport,
  onReport: (report: CommitmentReport) => Promise<StoreOutcome>,
): Promise<StoreOutcome> {
  if (event.sopClassUid !== STORAGE_COMMITMENT) return { status: status.unrecognizedOperation };
  if (event.sopInstanceUid !== STORAGE_COMMITMENT_INSTANCE) return noSuchInstance;
  if (event.eventTypeId !== COMMITMENT_SUCCESS_EVENT && event.eventTypeId !== COMMITMENT_FAILURES_EVENT)
    return { status: status.noSuchEventType };
  const bytes = event.dataSet === undefined ? undefined : Buffer.from(event.dataSet);
  return decoded(bytes, (all) => decodeCommitmentReport(all, event.transferSyntaxUid), onReport);
}

async function decoded<T>(
  bytes: Buffer | undefined,
  decode: (bytes: Buffer) => Result<T, string>,
  then: (value: T) => Promise<StoreOutcome>,
): Promise<StoreOutcome> {
  if (bytes === undefined) return { status: status.invalidArgumentValue, comment: 'no data set' };
  const read = decode(bytes);
  return read.ok ? then(read.value) : { status: status.invalidArgumentValue, comment: read.error };
}

const noSuchInstance: StoreOutcome = {
  status: status.noSuchObjectInstance,
  comment: 'not the well-known instance of the class',
};
