import { AssociationError, type AssociationStep } from '../association-error.ts';
import { type EventReport, eventReportCommand, outcomeOf } from '../event-report.ts';
import { createFind, type Find, type FindOptions } from '../find/find-request.ts';
import { commandFields } from '../message/command-set.ts';
import type { DataSetSource } from '../message/message-sender.ts';
import type { Request } from '../requester.ts';
import { createMove, type Move, type MoveOptions } from '../move/move-request.ts';
import { openLink } from './scu-link.ts';
import type { OpenAssociation } from './scu-options.ts';
import type { Accepted } from './scu-request.ts';
import type { StoreOutcome } from '../scp/store-sink.ts';
import { VERIFICATION } from '../uid.ts';
import type { AcceptedContext } from '../upper-layer/presentation-contexts.ts';

export type StoreObject = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Of the data set's bytes; the peer must have accepted it for the SOP class. */
  readonly transferSyntaxUid: string;
  /** The data set without preamble and file meta. */
  readonly dataSet: DataSetSource;
};

/** An N-ACTION (PS3.7 §10.1.4). */
export type Action = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly actionTypeId: number;
  /** In the transfer syntax that `transferSyntaxOf` names for the class. */
  readonly dataSet?: Uint8Array;
};

/**
 * An open association. As many requests may be without their response at a time as `accepted.operationsMax` says, one
 * unless more was proposed; one more throws an `Error`. Everything else rejects with an `AssociationError`.
 */
export type Association = {
  /** What the peer agreed to. */
  readonly accepted: Accepted;
  /** Whether the peer takes objects of this class in this transfer syntax. */
  accepts(sopClassUid: string, transferSyntaxUid: string): boolean;
  /** The transfer syntax of requests and reports of this class, or undefined when the peer did not accept it. */
  transferSyntaxOf(sopClassUid: string): string | undefined;
  /** C-ECHO; resolves with the status. */
  echo(): Promise<StoreOutcome>;
  /** C-STORE; resolves with whatever status the peer gives, success or not. */
  store(object: StoreObject): Promise<StoreOutcome>;
  /** C-FIND with this identifier, encoded in `transferSyntaxOf(sopClassUid)`; see find/find-request.ts. */
  find(sopClassUid: string, identifier: Uint8Array, options?: FindOptions): Find;
  /** C-MOVE of what this identifier names to an AE title that the peer knows; see move/move-request.ts. */
  move(sopClassUid: string, identifier: Uint8Array, options: MoveOptions): Move;
  /** N-ACTION; resolves with the status. */
  action(action: Action): Promise<StoreOutcome>;
  /** N-EVENT-REPORT, for a class whose SCP we are by role selection; resolves with the status. */
  eventReport(report: EventReport): Promise<StoreOutcome>;
  release(): Promise<void>;
  abort(): void;
};

/**
 * Opens an association as requestor (PS3.7 §D, PS3.8 §7.1).
 *
 * @throws AssociationError naming the step that failed: connect, rejected with the peer's reason, aborted,
 *   timed out, or none of the contexts accepted
 */
export async function openAssociation(options: OpenAssociation): Promise<Association> {
  const { accepted, requester, release, abort } = await openLink(options);

  const contextOf = (abstractSyntax: string, transferSyntax?: string): AcceptedContext | undefined =>
    accepted.contexts.find(
      (c) =>
        c.abstractSyntax === abstractSyntax && (transferSyntax === undefined || c.transferSyntax === transferSyntax),
    );

  function needContext(step: AssociationStep, abstractSyntax: string, transferSyntax?: string): AcceptedContext {
    const context = contextOf(abstractSyntax, transferSyntax);
    if (context !== undefined) return context;
    const what = `${abstractSyntax}${transferSyntax === undefined ? '' : ` in ${transferSyntax}`}`;
    throw new AssociationError('no-accepted-context', step, `${options.calledAeTitle} did not accept ${what}`);
  }

  const ask = async (request: Request): Promise<StoreOutcome> =>
    outcomeOf((await requester.request(request).response).command);

  return {
    accepted,
    accepts: (sopClassUid, transferSyntaxUid) => contextOf(sopClassUid, transferSyntaxUid) !== undefined,
    transferSyntaxOf: (sopClassUid) => contextOf(sopClassUid)?.transferSyntax,
    async echo() {
      const { id: contextId } = needContext('echo', VERIFICATION);
      const command = { commandField: commandFields.cEchoRq, affectedSopClassUid: VERIFICATION };
      return ask({ step: 'echo', contextId, command });
    },
    async store({ sopClassUid, sopInstanceUid, transferSyntaxUid, dataSet }) {
      const { id: contextId } = needContext('store', sopClassUid, transferSyntaxUid);
      const command = {
        commandField: commandFields.cStoreRq,
        priority: 0,
        affectedSopClassUid: sopClassUid,
        affectedSopInstanceUid: sopInstanceUid,
      };
      const response = (await requester.request({ step: 'store', contextId, command, dataSet }).response).command;
      const { affectedSopInstanceUid: answered } = response;
      // It need not be there (PS3.7 §9.1.1.1.4); where it is, it says which object the status is about.
      if (answered !== undefined && answered !== sopInstanceUid) {
        abort();
        throw new AssociationError('bad-response', 'store', 'the peer answered for another object than was sent');
      }
      return outcomeOf(response);
    },
    find: (sopClassUid, identifier, findOptions) =>
      createFind({ requester, contextId: needContext('find', sopClassUid).id, sopClassUid, identifier }, findOptions),
    move: (sopClassUid, identifier, moveOptions) =>
      createMove({ requester, contextId: needContext('move', sopClassUid).id, sopClassUid, identifier }, moveOptions),
    async action({ sopClassUid, sopInstanceUid, actionTypeId, dataSet }) {
      const { id: contextId } = needContext('action', sopClassUid);
      const command = {
        commandField: commandFields.nActionRq,
        requestedSopClassUid: sopClassUid,
        requestedSopInstanceUid: sopInstanceUid,
        actionTypeId,
      };
      return ask({ step: 'action', contextId, command, ...(dataSet !== undefined && { dataSet }) });
    },
    async eventReport(report) {
      const { id: contextId } = needContext('event-report', report.sopClassUid);
      const command = eventReportCommand(report);
      const { dataSet } = report;
      return ask({ step: 'event-report', contextId, command, ...(dataSet !== undefined && { dataSet }) });
    },
    release,
    abort,
  };
}
