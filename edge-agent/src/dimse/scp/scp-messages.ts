import { STORAGE_COMMITMENT } from '../commitment/commitment-data-sets.ts';
import { answerCommitment, commitmentEventReport, type CommitmentService } from '../commitment/commitment-service.ts';
import { eventReportCommand, outcomeOf, responseTo } from '../event-report.ts';
import { type CollectedDataSet, collectDataSet } from '../message/collected-data-set.ts';
import { type CommandSet, commandFields, RESPONSE_BIT } from '../message/command-set.ts';
import { status } from '../message/statuses.ts';
import type { Requester } from '../requester.ts';
import type { Peer, ScpEvent } from './scp-events.ts';
import type { StoreOutcome } from './store-sink.ts';
import type { AcceptedContext } from '../upper-layer/presentation-contexts.ts';

export type ScpMessagesDeps = {
  readonly commitment: CommitmentService | undefined;
  readonly requester: Requester;
  readonly peer: () => Peer;
  readonly onEvent: (event: ScpEvent) => void;
};

/** Every message at the acceptor but C-STORE: their data sets are small and taken as a whole. */
export type ScpMessages = {
  /** Takes a command; resolves when the next one may come. */
  command(command: CommandSet, context: AcceptedContext, dataSetFollows: boolean): Promise<void>;
  /** A fragment of the data set of the last command. */
  data(bytes: Uint8Array, isLast: boolean): Promise<void>;
  /** Whether an answer is still due. */
  busy(): boolean;
};

export function createScpMessages({ commitment, requester, peer, onEvent }: ScpMessagesDeps): ScpMessages {
  let arriving:
    | { readonly command: CommandSet; readonly context: AcceptedContext; readonly dataSet: CollectedDataSet }
    | undefined;
  let answering: Promise<void> | undefined;

  /** A response goes to who waits for it. A request is answered beside the reading, one at a time. */
  async function message(command: CommandSet, context: AcceptedContext, dataSet?: Buffer | 'too-long'): Promise<void> {
    if ((command.commandField & RESPONSE_BIT) !== 0)
      return requester.settle({ command, dataSet: dataSet === 'too-long' ? undefined : dataSet });
    if (command.commandField === commandFields.cCancelRq) return;
    await answering;
    const answer = answerRequest(command, context, dataSet).finally(() => {
      if (answering === answer) answering = undefined;
    });
    answering = answer;
  }

  async function answerRequest(
    command: CommandSet,
    context: AcceptedContext,
    dataSet?: Buffer | 'too-long',
  ): Promise<void> {
    const outcome = await outcomeFor(command, context, dataSet);
    await requester.respond(context.id, responseTo(command, outcome));
  }

  async function outcomeFor(
    command: CommandSet,
    context: AcceptedContext,
    dataSet?: Buffer | 'too-long',
  ): Promise<StoreOutcome> {
    if (command.commandField === commandFields.cEchoRq) return { status: status.success };
    if (dataSet === 'too-long') return { status: status.resourceLimitation, comment: 'the data set is too long' };
    if (context.abstractSyntax !== STORAGE_COMMITMENT || commitment === undefined)
      return { status: status.unrecognizedOperation };
    const transferSyntaxUid = context.transferSyntax;
    try {
      return await answerCommitment(commitment, { command, dataSet, transferSyntaxUid }, peer(), async (report) => {
        const event = commitmentEventReport(report, transferSyntaxUid);
        const { response } = requester.request({
          step: 'event-report',
          contextId: context.id,
          command: eventReportCommand(event),
          ...(event.dataSet !== undefined && { dataSet: event.dataSet }),
        });
        return outcomeOf((await response).command);
      });
    } catch (error) {
      onEvent({ type: 'fault', associationId: peer().associationId, error });
      return { status: status.processingFailure, comment: 'a fault of the receiver' };
    }
  }

  return {
    async command(command, context, dataSetFollows) {
      if (dataSetFollows) arriving = { command, context, dataSet: collectDataSet() };
      else await message(command, context);
    },
    async data(bytes, isLast) {
      if (arriving === undefined) return;
      arriving.dataSet.push(bytes);
      if (!isLast) return;
      const { command, context, dataSet } = arriving;
      arriving = undefined;
      await message(command, context, dataSet.take() ?? 'too-long');
    },
    busy: () => answering !== undefined,
  };
}
