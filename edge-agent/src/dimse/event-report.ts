import { type CommandSet, commandFields, NO_DATA_SET } from './message/command-set.ts';
import { status } from './message/statuses.ts';
import type { StoreOutcome } from './scp/store-sink.ts';

/** An N-EVENT-REPORT (PS3.7 §10.1.1). */
export type EventReport = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly eventTypeId: number;
  /** Encoded in the transfer syntax of the context it comes or goes on. */
  readonly dataSet?: Uint8Array;
};

export type ReceivedEventReport = EventReport & { readonly transferSyntaxUid: string };

/** Resolves with the status of the N-EVENT-REPORT-RSP; what it throws is answered with 0110H. */
export type OnEventReport = (report: ReceivedEventReport) => Promise<StoreOutcome>;

/** Reads an N-EVENT-REPORT-RQ. */
export const eventReportOf = (
  command: CommandSet,
  dataSet: Uint8Array | undefined,
  transferSyntaxUid: string,
): ReceivedEventReport => ({
  sopClassUid: command.affectedSopClassUid ?? '',
  sopInstanceUid: command.affectedSopInstanceUid ?? '',
  eventTypeId: command.eventTypeId ?? 0,
  transferSyntaxUid,
  ...(dataSet !== undefined && { dataSet }),
});

/** The N-EVENT-REPORT-RQ of a report, for a requester to number and send. */
export const eventReportCommand = (report: EventReport): Omit<CommandSet, 'messageId' | 'dataSetType'> => ({
  commandField: commandFields.nEventReportRq,
  affectedSopClassUid: report.sopClassUid,
  affectedSopInstanceUid: report.sopInstanceUid,
  eventTypeId: report.eventTypeId,
});

/** The response to a request, with this status; UIDs and type IDs are repeated from the request (PS3.7 §10.3). */
export function responseTo(request: CommandSet, outcome: StoreOutcome): CommandSet {
  const sopClassUid = request.affectedSopClassUid ?? request.requestedSopClassUid;
  const sopInstanceUid = request.affectedSopInstanceUid ?? request.requestedSopInstanceUid;
  return {
    commandField: request.commandField | 0x8000,
    dataSetType: NO_DATA_SET,
    messageIdBeingRespondedTo: request.messageId ?? 0,
    status: outcome.status,
    ...(sopClassUid !== undefined && { affectedSopClassUid: sopClassUid }),
    ...(sopInstanceUid !== undefined && { affectedSopInstanceUid: sopInstanceUid }),
    ...(request.eventTypeId !== undefined && { eventTypeId: request.eventTypeId }),
    ...(request.actionTypeId !== undefined && { actionTypeId: request.actionTypeId }),
    ...(outcome.comment !== undefined && { errorComment: outcome.comment }),
  };
}

export const outcomeOf = (response: CommandSet): StoreOutcome => ({
  status: response.status ?? status.processingFailure,
  ...(response.errorComment !== undefined && { comment: response.errorComment }),
});
