import { AssociationError, type AssociationFailure, type AssociationStep } from './association-error.ts';
import { systemClock } from './clock.ts';
import { defaultImplementation } from './implementation.ts';
import { type CommandSet, commandFields, encodeCommandSet, NO_DATA_SET } from './message/command-set.ts';
import { fragmentBytes, fragments } from './message/fragments.ts';
import { createMessageReader } from './message/message-reader.ts';
import { defaultScuTimeouts, type OpenAssociation, SCU_PDU_BYTES_MAX } from './scu-options.ts';
import { connectTransport } from './scu-transport.ts';
import type { StoreOutcome } from './store-sink.ts';
import { APPLICATION_CONTEXT, VERIFICATION } from './uid.ts';
import { type Connection, createConnection, type Indication } from './upper-layer/connection.ts';
import type { AssociateAc, AssociateRq } from './upper-layer/pdu.ts';
import { type AcceptedContext, acceptedContexts } from './upper-layer/presentation-contexts.ts';
import { isTransient, refusalText } from './upper-layer/refusal.ts';

export type StoreObject = {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  /** Of the data set's bytes; the peer must have accepted it for the SOP class. */
  readonly transferSyntaxUid: string;
  /** The data set without preamble and file meta. */
  readonly dataSet: Uint8Array | AsyncIterable<Uint8Array>;
};

/** An open association; one request at a time. Everything rejects with an `AssociationError`. */
export type Association = {
  /** Whether the peer takes objects of this class in this transfer syntax. */
  accepts(sopClassUid: string, transferSyntaxUid: string): boolean;
  /** C-ECHO; resolves with the status. */
  echo(): Promise<StoreOutcome>;
  /** C-STORE; resolves with whatever status the peer gives, success or not. */
  store(object: StoreObject): Promise<StoreOutcome>;
  release(): Promise<void>;
  abort(): void;
};

type Waiting = {
  readonly step: AssociationStep;
  readonly resolve: (indication: Indication | CommandSet) => void;
  readonly reject: (error: AssociationError) => void;
  cancel: () => void;
};

/**
 * Opens an association as requestor (PS3.7 §D, PS3.8 §7.1).
 *
 * @throws AssociationError naming the step that failed: connect, rejected with the peer's reason, aborted,
 *   timed out, or none of the contexts accepted
 */
export async function openAssociation(options: OpenAssociation): Promise<Association> {
  const clock = options.clock ?? systemClock;
  const timeouts_ms = { ...defaultScuTimeouts, ...options.timeouts_ms };
  const socket = await connectTransport(options, timeouts_ms.connect, clock);
  const request = requestOf(options);
  const reader = createMessageReader();
  let waiting: Waiting | undefined;
  let over: { readonly code: AssociationFailure; readonly why: string } | undefined;
  let contexts = new Map<number, AcceptedContext>();
  let peerPduBytesMax = 0;
  let messageId = 0;

  const connection: Connection = createConnection({
    socket,
    role: 'requestor',
    clock,
    artim_ms: timeouts_ms.release,
    pduBytesMax: SCU_PDU_BYTES_MAX,
    onIndication,
  });

  function onIndication(indication: Indication): void {
    switch (indication.type) {
      case 'associate-ac':
      case 'associate-rj':
      case 'release-rp':
        settle(indication);
        return;
      case 'release-rq':
        connection.confirmRelease();
        if (waiting?.step === 'release') return; // Both released at once; the peer's A-RELEASE-RP is still to come.
        fail('closed', 'the peer released the association');
        return;
      case 'aborted':
        fail('aborted', indication.by === 'us' ? indication.why : `${indication.by}: ${indication.why}`);
        return;
      case 'p-data':
        for (const pdv of indication.pdvs) {
          const part = reader.push(pdv);
          if (!part.ok) return connection.abort(part.error);
          // A response with a data set does not exist in the services used here; its bytes would be dropped.
          if (part.value?.type === 'command') settle(part.value.command);
        }
        return;
      case 'associate-rq':
        return; // The machine aborts before a requestor could see one.
    }
  }

  function settle(value: Indication | CommandSet): void {
    const one = waiting;
    waiting = undefined;
    one?.cancel();
    one?.resolve(value);
  }

  /** The association is over; whoever waits is told, and so is whoever asks later. */
  function fail(code: AssociationFailure, why: string): void {
    over ??= { code, why };
    const one = waiting;
    waiting = undefined;
    one?.cancel();
    one?.reject(new AssociationError(over.code, one.step, over.why));
  }

  /** The answer to what is sent; with a time limit, the association is aborted when it does not come in time. */
  function answer(step: AssociationStep, timeout_ms?: number): Promise<Indication | CommandSet> {
    if (over !== undefined) return Promise.reject(new AssociationError(over.code, step, over.why));
    return new Promise((resolve, reject) => {
      const cancel = timeout_ms === undefined ? () => undefined : timer(step, timeout_ms);
      waiting = { step, resolve, reject, cancel };
    });
  }

  function timer(step: AssociationStep, timeout_ms: number): () => void {
    return clock.after(timeout_ms, () => {
      fail('timed-out', `no answer from ${options.calledAeTitle} within ${timeout_ms} ms (${step})`);
      connection.abort('timed out');
      connection.destroy();
    });
  }

  /** Sends a command, and the data set after it, in fragments that the peer takes. Ends early when the association does. */
  async function send(contextId: number, command: CommandSet, dataSet?: StoreObject['dataSet']): Promise<void> {
    const size = fragmentBytes(peerPduBytesMax);
    for await (const { data, isLast } of fragments(encodeCommandSet(command), size))
      await connection.data({ contextId, isCommand: true, isLast, data });
    if (dataSet === undefined) return;
    for await (const { data, isLast } of fragments(dataSet, size)) {
      const cancel = timer('store', timeouts_ms.response);
      const going = await connection.data({ contextId, isCommand: false, isLast, data });
      cancel();
      // An answer that came before the end of the data set still counts; there is no point in sending the rest.
      if (!going || over !== undefined) return;
    }
  }

  async function ask(step: 'echo' | 'store', run: () => Promise<void>, id: number): Promise<StoreOutcome> {
    if (waiting !== undefined) throw new Error('one request at a time on an association');
    // While fragments leave, each has its own timer; the response's begins after the last one.
    const answered = answer(step);
    const [response] = await Promise.all([answered, sendAndWait(step, run)]);
    if (!('commandField' in response) || response.messageIdBeingRespondedTo !== id || response.status === undefined) {
      connection.abort('not the response that was due');
      throw new AssociationError('bad-response', step, 'the peer did not answer the request that was sent');
    }
    return {
      status: response.status,
      ...(response.errorComment === undefined ? {} : { comment: response.errorComment }),
    };
  }

  async function sendAndWait(step: AssociationStep, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (cause) {
      // What feeds the data set failed: half an object was sent, so the association cannot go on.
      connection.abort('the data set could not be read to its end');
      throw cause;
    }
    if (waiting !== undefined) waiting.cancel = timer(step, timeouts_ms.response);
  }

  const contextOf = (abstractSyntax: string, transferSyntax?: string): AcceptedContext | undefined =>
    [...contexts.values()].find(
      (c) =>
        c.abstractSyntax === abstractSyntax && (transferSyntax === undefined || c.transferSyntax === transferSyntax),
    );

  function needContext(step: AssociationStep, abstractSyntax: string, transferSyntax?: string): AcceptedContext {
    const context = contextOf(abstractSyntax, transferSyntax);
    if (context !== undefined) return context;
    const what = `${abstractSyntax}${transferSyntax === undefined ? '' : ` in ${transferSyntax}`}`;
    throw new AssociationError('no-accepted-context', step, `${options.calledAeTitle} did not accept ${what}`);
  }

  const nextId = (): number => {
    messageId = (messageId % 0xffff) + 1;
    return messageId;
  };

  async function negotiated(): Promise<AssociateAc> {
    const answered = answer('associate', timeouts_ms.associate);
    // The connection runs until its end on its own; a fault in it ends whatever is being waited for.
    void connection.run(request).then(
      () => fail('closed', 'the association is closed'),
      (error: unknown) => fail('aborted', error instanceof Error ? error.message : String(error)),
    );
    const reply = await answered;
    if ('type' in reply && reply.type === 'associate-ac') return reply;
    const transient = 'type' in reply && reply.type === 'associate-rj' && isTransient(reply);
    const why = 'type' in reply && reply.type === 'associate-rj' ? refusalText(reply) : 'an unexpected answer';
    throw new AssociationError('rejected', 'associate', `${options.calledAeTitle}: ${why}`, { transient });
  }

  const accepted = await negotiated();
  contexts = acceptedContexts(request.contexts, accepted.contexts);
  peerPduBytesMax = accepted.user.maxPduLength;
  if (contexts.size === 0) {
    connection.abort('no presentation context was accepted');
    throw new AssociationError('no-accepted-context', 'associate', `${options.calledAeTitle} accepted no context`);
  }

  return {
    accepts: (sopClassUid, transferSyntaxUid) => contextOf(sopClassUid, transferSyntaxUid) !== undefined,
    async echo() {
      const context = needContext('echo', VERIFICATION);
      const id = nextId();
      const command: CommandSet = {
        commandField: commandFields.cEchoRq,
        dataSetType: NO_DATA_SET,
        messageId: id,
        affectedSopClassUid: VERIFICATION,
      };
      return ask('echo', () => send(context.id, command), id);
    },
    async store(object) {
      const context = needContext('store', object.sopClassUid, object.transferSyntaxUid);
      const id = nextId();
      const command: CommandSet = {
        commandField: commandFields.cStoreRq,
        dataSetType: 0x0001,
        messageId: id,
        priority: 0,
        affectedSopClassUid: object.sopClassUid,
        affectedSopInstanceUid: object.sopInstanceUid,
      };
      return ask('store', () => send(context.id, command, object.dataSet), id);
    },
    async release() {
      const released = answer('release', timeouts_ms.release);
      connection.requestRelease();
      await released;
    },
    abort: () => {
      connection.abort('aborted by us');
      connection.destroy();
    },
  };
}

function requestOf(options: OpenAssociation): AssociateRq {
  const { classUid, versionName } = options.implementation ?? defaultImplementation;
  if (options.contexts.length > 128) throw new RangeError('at most 128 presentation contexts');
  return {
    type: 'associate-rq',
    protocolVersion: 1,
    calledAeTitle: options.calledAeTitle,
    callingAeTitle: options.callingAeTitle,
    applicationContext: APPLICATION_CONTEXT,
    contexts: options.contexts.map(({ abstractSyntax, transferSyntaxes }, index) => ({
      id: 2 * index + 1,
      abstractSyntax,
      transferSyntaxes,
    })),
    user: { maxPduLength: SCU_PDU_BYTES_MAX, implementationClassUid: classUid, implementationVersionName: versionName },
  };
}
