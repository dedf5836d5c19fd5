import { AssociationError, type AssociationFailure, type AssociationStep } from './association-error.ts';
import type { Clock } from './clock.ts';
import { type CommandSet, commandFields, DATA_SET, NO_DATA_SET, RESPONSE_BIT } from './message/command-set.ts';
import { createMessageSender, type DataSetSource, type MessageSender } from './message/message-sender.ts';
import { isPending } from './message/statuses.ts';
import type { Connection } from './upper-layer/connection.ts';

export type RequesterDeps = {
  readonly connection: Pick<Connection, 'data' | 'abort' | 'destroy'>;
  readonly clock: Clock;
  /** For a response after the last fragment, and for a fragment to be taken by the peer, ms. */
  readonly response_ms: number;
  readonly peerPduBytesMax: () => number;
  /** How many requests may be without their response at a time (PS3.7 §D.3.3.3). */
  readonly windowMax: () => number;
  /** Names the peer in errors. */
  readonly peerName: () => string;
};

export type Response = { readonly command: CommandSet; readonly dataSet: Buffer | undefined };

export type Request = {
  readonly step: AssociationStep;
  readonly contextId: number;
  readonly command: Omit<CommandSet, 'dataSetType' | 'messageId'>;
  readonly dataSet?: DataSetSource;
  /** A response that says that more will follow; the final one resolves the request. */
  readonly onPending?: (response: Response) => void;
};

/** Requests on an open association, and their responses by message ID (PS3.7 §9.3, §10.3). */
export type Requester = {
  /**
   * Sends a request; the message ID is known at once, the final response later.
   * @throws Error when more requests are without a response than the window allows: a fault of the caller
   */
  request(request: Request): { readonly messageId: number; readonly response: Promise<Response> };
  /** C-CANCEL for a request that is under way (PS3.7 §9.3.2.3). */
  cancel(contextId: number, messageId: number): void;
  /** Sends a response of ours, between the requests. */
  respond: MessageSender;
  /** A response arrived. Aborts the association when nobody waits for it. */
  settle(response: Response): void;
  /** The association is over: whoever waits is told, and so is whoever asks later. */
  fail(code: AssociationFailure, why: string): void;
  /** Ends the association: the peer does what it must not. */
  abort(why: string): void;
  /** Why the association is over. */
  over(): { readonly code: AssociationFailure; readonly why: string } | undefined;
  inFlight(): number;
};

type Waiting = Request & {
  readonly resolve: (response: Response) => void;
  readonly reject: (error: Error) => void;
  cancelTimer: () => void;
};

export function createRequester(deps: RequesterDeps): Requester {
  const { connection } = deps;
  const waiting = new Map<number, Waiting>();
  let over: { readonly code: AssociationFailure; readonly why: string } | undefined;
  let messageId = 0;

  const send = createMessageSender({
    connection,
    peerPduBytesMax: deps.peerPduBytesMax,
    onFragment: () => timer('store'),
  });

  function timer(step: AssociationStep): () => void {
    return deps.clock.after(deps.response_ms, () => {
      fail('timed-out', `no answer from ${deps.peerName()} within ${deps.response_ms} ms (${step})`);
      connection.abort('timed out');
      connection.destroy();
    });
  }

  function fail(code: AssociationFailure, why: string): void {
    over ??= { code, why };
    for (const [id, one] of waiting) {
      waiting.delete(id);
      one.cancelTimer();
      one.reject(new AssociationError(over.code, one.step, over.why));
    }
  }

  function nextId(): number {
    do messageId = (messageId % 0xffff) + 1;
    while (waiting.has(messageId));
    return messageId;
  }

  async function transmit(id: number, { contextId, command, dataSet, step }: Request): Promise<void> {
    const dataSetType = dataSet === undefined ? NO_DATA_SET : DATA_SET;
    try {
      await send(contextId, { ...command, messageId: id, dataSetType }, dataSet);
    } catch (cause) {
      // What feeds the data set failed: half an object was sent, so the association cannot go on.
      const one = waiting.get(id);
      waiting.delete(id);
      connection.abort('the data set could not be read to its end');
      one?.reject(cause instanceof Error ? cause : new Error(String(cause)));
      return;
    }
    const one = waiting.get(id);
    // While fragments leave, each has its own timer; the response's begins after the last one.
    if (one !== undefined) one.cancelTimer = timer(step);
  }

  return {
    request(request) {
      if (waiting.size >= deps.windowMax())
        throw new Error(`at most ${deps.windowMax()} requests at a time on this association`);
      const id = nextId();
      if (over !== undefined)
        return { messageId: id, response: Promise.reject(new AssociationError(over.code, request.step, over.why)) };
      const response = new Promise<Response>((resolve, reject) => {
        waiting.set(id, { ...request, resolve, reject, cancelTimer: () => undefined });
      });
      void transmit(id, request);
      return { messageId: id, response };
    },
    cancel(contextId, id) {
      if (over !== undefined || !waiting.has(id)) return;
      const command = {
        commandField: commandFields.cCancelRq,
        messageIdBeingRespondedTo: id,
        dataSetType: NO_DATA_SET,
      };
      void send(contextId, command);
    },
    respond: send,
    settle(response) {
      const { commandField, messageIdBeingRespondedTo: id = 0, status } = response.command;
      const one = waiting.get(id);
      if (one === undefined || status === undefined || commandField !== (one.command.commandField | RESPONSE_BIT)) {
        fail('bad-response', 'the peer did not answer the request that was sent');
        return connection.abort('not the response that was due');
      }
      one.cancelTimer();
      if (isPending(status) && one.onPending !== undefined) {
        one.cancelTimer = timer(one.step);
        return one.onPending(response);
      }
      waiting.delete(id);
      one.resolve(response);
    },
    fail,
    abort(why) {
      fail('bad-response', why);
      connection.abort(why);
    },
    over: () => over,
    inFlight: () => waiting.size,
  };
}
