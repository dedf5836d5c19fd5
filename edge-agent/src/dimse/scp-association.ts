import type { Socket } from 'node:net';
import type { Clock } from './clock.ts';
import type { Implementation } from './implementation.ts';
import type { CommitmentService } from './commitment/commitment-service.ts';
import { type CommandSet, commandFields } from './message/command-set.ts';
import { createMessageReader } from './message/message-reader.ts';
import { createRequester } from './requester.ts';
import type { Err, Ok } from './result.ts';
import type { Peer, ScpEvent } from './scp-events.ts';
import type { ScpLimits } from './scp-limits.ts';
import { createScpMessages } from './scp-messages.ts';
import { createProgress } from './scp-progress.ts';
import { createStoreReceiver } from './scp-store.ts';
import type { StoreSink } from './store-sink.ts';
import { APPLICATION_CONTEXT } from './uid.ts';
import type { AssociateRequest, Source } from './upper-layer/admission.ts';
import { type Connection, createConnection, type Indication } from './upper-layer/connection.ts';
import type { AssociateRq, Pdv } from './upper-layer/pdu.ts';
import {
  type AcceptedContext,
  acceptedContexts,
  answerRoles,
  contextsProblem,
  negotiate,
  type Offer,
} from './upper-layer/presentation-contexts.ts';
import type { Refusal } from './upper-layer/refusal.ts';

export type AssociationDeps = {
  readonly socket: Socket;
  readonly remoteAddress: string;
  readonly associationId: string;
  readonly limits: ScpLimits;
  readonly offer: Offer;
  readonly commitment: CommitmentService | undefined;
  readonly implementation: Implementation;
  readonly sink: StoreSink;
  readonly clock: Clock;
  readonly onEvent: (event: ScpEvent) => void;
  /** Decides and, when it admits, counts the association until `leave`. */
  readonly admit: (request: AssociateRequest) => Ok<Source> | Err<Refusal>;
  readonly leave: (source: Source) => void;
};

export type ScpAssociation = {
  /** Serves until the transport is closed. */
  run(): Promise<void>;
  /** Ends after the message that is under way, or at once where none is. */
  finish(): void;
  /** Ends now. */
  abort(why: string): void;
};

/** One association as acceptor: admission, negotiation, then one message after the other until it ends. */
export function createScpAssociation(deps: AssociationDeps): ScpAssociation {
  const { clock, limits } = deps;
  const reader = createMessageReader();
  const progress = createProgress(limits);
  let peer: Peer = {
    associationId: deps.associationId,
    callingAeTitle: '',
    calledAeTitle: '',
    remoteAddress: deps.remoteAddress,
  };
  let source: Source | undefined;
  let contexts = new Map<number, AcceptedContext>();
  let peerPduBytesMax = 0;
  let finishing = false;
  let ended = false;
  /** PDVs are being handled: a response may still be due although the message is in whole. */
  let busy = false;
  const startedAt_ms = clock.now_ms();

  const connection: Connection = createConnection({
    socket: deps.socket,
    role: 'acceptor',
    clock,
    artim_ms: limits.artim_ms,
    pduBytesMax: limits.pduBytesMax,
    onIndication,
    onWait: () => progress.wait(clock.now_ms()),
    onBytes: (bytes) => progress.got(clock.now_ms(), bytes),
  });
  const receiver = createStoreReceiver({ sink: deps.sink, clock, onEvent: deps.onEvent, peer: () => peer });
  const requester = createRequester({
    connection,
    clock,
    response_ms: limits.idle_ms,
    peerPduBytesMax: () => peerPduBytesMax,
    windowMax: () => 1,
    peerName: () => peer.callingAeTitle,
  });
  const messages = createScpMessages({
    commitment: deps.commitment,
    requester,
    peer: () => peer,
    onEvent: deps.onEvent,
  });
  /** The object or the message whose data set is arriving. */
  let arriving: 'object' | 'message' = 'message';

  function onIndication(indication: Indication): void | Promise<void> {
    switch (indication.type) {
      case 'associate-rq':
        return associate(indication);
      case 'p-data':
        busy = true;
        return data(indication.pdvs).finally(() => {
          busy = false;
        });
      case 'release-rq':
        connection.confirmRelease();
        end({ type: 'association-released', ...peer, ...traffic() });
        return receiver.abort();
      case 'aborted':
        end({ type: 'association-aborted', ...peer, ...traffic(), by: indication.by, why: indication.why });
        return receiver.abort();
      case 'associate-ac':
      case 'associate-rj':
      case 'release-rp':
        return; // An acceptor never sends what these would answer; the machine aborts before they come here.
    }
  }

  function associate(rq: AssociateRq): void {
    peer = { ...peer, callingAeTitle: rq.callingAeTitle, calledAeTitle: rq.calledAeTitle };
    const problem = contextsProblem(rq.contexts);
    if (problem !== undefined) return connection.abort(problem);
    const admitted = deps.admit({ ...rq, remoteAddress: deps.remoteAddress });
    if (!admitted.ok) {
      const { result, source: from, reason, why } = admitted.error;
      ended = true;
      deps.onEvent({ type: 'association-rejected', ...peer, why });
      connection.reject({ type: 'associate-rj', result, source: from, reason });
      return;
    }
    source = admitted.value;
    const proposedRoles = rq.user.roles ?? [];
    const roles = answerRoles(proposedRoles, deps.offer);
    const answered = negotiate(rq.contexts, deps.offer, proposedRoles);
    contexts = acceptedContexts(rq.contexts, answered);
    peerPduBytesMax = rq.user.maxPduLength;
    connection.accept({
      type: 'associate-ac',
      protocolVersion: 1,
      calledAeTitle: rq.calledAeTitle,
      callingAeTitle: rq.callingAeTitle,
      applicationContext: APPLICATION_CONTEXT,
      contexts: answered,
      user: {
        maxPduLength: limits.pduBytesMax,
        implementationClassUid: deps.implementation.classUid,
        implementationVersionName: deps.implementation.versionName,
        ...(roles.length > 0 && { roles }),
      },
    });
    deps.onEvent({
      type: 'association-accepted',
      ...peer,
      contextsAccepted: contexts.size,
      contextsProposed: rq.contexts.length,
    });
    if (finishing) connection.abort('the node is closing');
  }

  async function data(pdvs: readonly Pdv[]): Promise<void> {
    for (const pdv of pdvs) {
      if (ended) return;
      const part = reader.push(pdv);
      if (!part.ok) return connection.abort(part.error);
      if (part.value === undefined) continue;
      if (part.value.type === 'data') {
        const { bytes, isLast } = part.value;
        if (arriving === 'message') await messages.data(bytes, isLast);
        else await respond(pdv.contextId, await receiver.data(bytes, isLast));
      } else {
        const { command, dataSetFollows } = part.value;
        const context = contexts.get(pdv.contextId);
        if (context === undefined) return connection.abort(`presentation context ${pdv.contextId} was not accepted`);
        arriving = command.commandField === commandFields.cStoreRq ? 'object' : 'message';
        if (arriving === 'message') await messages.command(command, context, dataSetFollows);
        else await respond(pdv.contextId, await receiver.begin(command, context, dataSetFollows));
      }
      if (finishing && !messages.busy() && !reader.inMessage()) return connection.abort('the node is closing');
    }
  }

  async function respond(contextId: number, response: CommandSet | undefined): Promise<void> {
    if (response !== undefined) await requester.respond(contextId, response);
  }

  const traffic = () => ({ ...receiver.traffic(), duration_ms: clock.now_ms() - startedAt_ms });

  function end(event: ScpEvent): void {
    if (ended) return;
    ended = true;
    requester.fail('closed', 'the association is over');
    if (source === undefined)
      deps.onEvent({ type: 'connection-failed', remoteAddress: deps.remoteAddress, why: whyOf(event) });
    else {
      deps.leave(source);
      deps.onEvent(event);
    }
  }

  /** Looks at the peer's progress four times within the shorter of the two limits. */
  function watch(): () => void {
    const period_ms = Math.max(1, Math.min(limits.idle_ms, limits.progressWindow_ms) / 4);
    let cancel = clock.after(period_ms, look);
    function look(): void {
      if (connection.state() === 6) {
        const verdict = progress.judge(clock.now_ms(), reader.inMessage());
        if (verdict === 'idle') connection.abort(`nothing came for ${limits.idle_ms} ms`);
        if (verdict === 'too-slow') connection.abort(`slower than ${limits.bytesPerSecondMin} bytes/s`);
      }
      cancel = clock.after(period_ms, look);
    }
    return () => cancel();
  }

  return {
    async run() {
      const unwatch = watch();
      try {
        await connection.run();
      } catch (error) {
        deps.onEvent({ type: 'fault', associationId: deps.associationId, error });
        connection.destroy();
      } finally {
        unwatch();
        await receiver.abort();
        end({ type: 'association-aborted', ...peer, ...traffic(), by: 'transport', why: 'closed' });
      }
    },
    finish() {
      finishing = true;
      if (connection.state() !== 6) connection.destroy();
      else if (!busy && !messages.busy() && !reader.inMessage()) connection.abort('the node is closing');
    },
    abort(why) {
      connection.abort(why);
      connection.destroy();
    },
  };
}

const whyOf = (event: ScpEvent): string => ('why' in event ? event.why : event.type);
