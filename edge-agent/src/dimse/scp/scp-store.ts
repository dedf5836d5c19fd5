import type { Clock } from '../clock.ts';
import { STORAGE_COMMITMENT } from '../commitment/commitment-data-sets.ts';
import { type CommandSet, commandFields, NO_DATA_SET } from '../message/command-set.ts';
import { isSuccess, status } from '../message/statuses.ts';
import type { Peer, ScpEvent } from './scp-events.ts';
import type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from './store-sink.ts';
import { isUid, VERIFICATION } from '../uid.ts';
import type { AcceptedContext } from '../upper-layer/presentation-contexts.ts';

export type StoreReceiverDeps = {
  readonly sink: StoreSink;
  readonly clock: Clock;
  readonly onEvent: (event: ScpEvent) => void;
  readonly peer: () => Peer;
};

/** The storage service of one association (PS3.4 §B.2, PS3.7 §9.1.1): one object at a time, streamed to the sink. */
export type StoreReceiver = {
  /** A C-STORE-RQ. A response at once only when no data set follows it. */
  begin(request: CommandSet, context: AcceptedContext, dataSetFollows: boolean): Promise<CommandSet | undefined>;
  /** A fragment of the data set; the response after the last one, when the sink has committed. */
  data(bytes: Uint8Array, isLast: boolean): Promise<CommandSet | undefined>;
  /** The association is over: whatever is not complete is given up. */
  abort(): Promise<void>;
  traffic(): { readonly instances: number; readonly bytes: number };
};

type Arriving = {
  readonly command: CommandSet;
  readonly request: StoreRequest;
  readonly startedAt_ms: number;
  bytes: number;
  /** Undefined from the moment that the object is refused; its data set is then only read past. */
  write: StoreWrite | undefined;
  refused: StoreOutcome | undefined;
};

export function createStoreReceiver(deps: StoreReceiverDeps): StoreReceiver {
  let arriving: Arriving | undefined;
  let instances = 0;
  let bytesTotal = 0;

  /** Runs a part of the sink; what it throws is our fault, reported and answered with 0110H. */
  async function guarded<T>(run: () => Promise<T>): Promise<T | undefined> {
    try {
      return await run();
    } catch (error) {
      deps.onEvent({ type: 'fault', associationId: deps.peer().associationId, error });
      return undefined;
    }
  }

  function refusalOf(command: CommandSet, context: AcceptedContext, dataSetFollows: boolean): StoreOutcome | undefined {
    if (context.abstractSyntax === VERIFICATION || context.abstractSyntax === STORAGE_COMMITMENT)
      return { status: status.sopClassNotSupported, comment: 'the presentation context is not for storage' };
    if (command.affectedSopClassUid !== context.abstractSyntax)
      return { status: status.sopClassNotSupported, comment: 'SOP class is not that of the presentation context' };
    if (!isUid(command.affectedSopInstanceUid ?? ''))
      return { status: status.invalidObjectInstance, comment: 'the SOP instance UID is not a UID' };
    return dataSetFollows ? undefined : { status: status.cannotUnderstand, comment: 'no data set' };
  }

  async function finish(object: Arriving, outcome: StoreOutcome): Promise<CommandSet> {
    const { request, command } = object;
    const stored = isSuccess(outcome.status);
    if (stored) instances += 1;
    deps.onEvent({
      type: stored ? 'instance-stored' : 'instance-refused',
      ...deps.peer(),
      sopClassUid: request.sopClassUid,
      sopInstanceUid: request.sopInstanceUid,
      transferSyntaxUid: request.transferSyntaxUid,
      bytes: object.bytes,
      duration_ms: deps.clock.now_ms() - object.startedAt_ms,
      status: outcome.status,
      comment: outcome.comment ?? '',
    });
    return {
      commandField: commandFields.cStoreRsp,
      dataSetType: NO_DATA_SET,
      messageIdBeingRespondedTo: command.messageId ?? 0,
      status: outcome.status,
      affectedSopClassUid: request.sopClassUid,
      affectedSopInstanceUid: request.sopInstanceUid,
      ...(outcome.comment === undefined ? {} : { errorComment: outcome.comment }),
    };
  }

  const fault: StoreOutcome = { status: status.processingFailure, comment: 'a fault of the receiver' };

  return {
    async begin(command, context, dataSetFollows) {
      const { callingAeTitle, calledAeTitle, remoteAddress, associationId } = deps.peer();
      const request: StoreRequest = {
        sopClassUid: command.affectedSopClassUid ?? '',
        sopInstanceUid: command.affectedSopInstanceUid ?? '',
        transferSyntaxUid: context.transferSyntax,
        callingAeTitle,
        calledAeTitle,
        remoteAddress,
        associationId,
        ...(command.moveOriginatorAeTitle !== undefined && { moveOriginatorAeTitle: command.moveOriginatorAeTitle }),
      };
      const refused = refusalOf(command, context, dataSetFollows);
      const object: Arriving = {
        command,
        request,
        startedAt_ms: deps.clock.now_ms(),
        bytes: 0,
        write: undefined,
        refused,
      };
      if (!dataSetFollows) return finish(object, refused ?? fault);
      arriving = object;
      if (refused === undefined) {
        const begun = await guarded(() => deps.sink.begin(request));
        if (begun?.ok === true) object.write = begun.value;
        else object.refused = begun?.error ?? fault;
      }
      return undefined;
    },

    async data(bytes, isLast) {
      const object = arriving;
      if (object === undefined) return undefined;
      // From here on the next object may begin, while this one is being committed.
      if (isLast) arriving = undefined;
      object.bytes += bytes.length;
      bytesTotal += bytes.length;
      const { write } = object;
      if (write !== undefined && bytes.length > 0) {
        const taken = await guarded(async () => {
          await write.write(bytes);
          return true;
        });
        if (taken === undefined) {
          object.write = undefined;
          object.refused = fault;
          await guarded(() => write.abort());
        }
      }
      if (!isLast) return undefined;
      const complete = object.write;
      const outcome = complete === undefined ? object.refused : await guarded(() => complete.commit());
      return finish(object, outcome ?? fault);
    },

    async abort() {
      const write = arriving?.write;
      arriving = undefined;
      if (write !== undefined) await guarded(() => write.abort());
    },

    traffic: () => ({ instances, bytes: bytesTotal }),
  };
}
