import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Implementation } from '../implementation.ts';
import type { CommitmentService } from '../commitment/commitment-service.ts';
import { type CommandSet, commandFields } from '../message/command-set.ts';
import { createMessageReader } from '../message/message-reader.ts';
import { createInFlight } from './in-flight.ts';
import { createRequester } from '../requester.ts';
import type { LimitKind, Peer, ScpEvent } from './scp-events.ts';
import type { AdmissionLine, Decided } from './scp-line.ts';
import type { ScpLimits } from './scp-limits.ts';
import { createScpMessages } from './scp-messages.ts';
import { createProgress } from './scp-progress.ts';
import { createStoreReceiver } from './scp-store.ts';
import type { StoreSink } from './store-sink.ts';
import { APPLICATION_CONTEXT } from '../uid.ts';
import type { Source } from '../upper-layer/admission.ts';
import { type Connection, createConnection, type Indication } from '../upper-layer/connection.ts';
import type { AssociateRq, AsyncOperations, Pdv } from '../upper-layer/pdu.ts';
import {
  type AcceptedContext,
  acceptedContexts,
  answerRoles,
  contextsProblem,
  negotiate,
  type Offer,
} from '../upper-layer/presentation-contexts.ts';

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
  /** Decides, perhaps after a while, and when it admits, counts the association until `leave`. */
  readonly enter: AdmissionLine['enter'];
  readonly onAdmitted: () => void;
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
  /** Requests of the peer that are worked on at a time. */
  let operations = 1;
  let entering: Promise<void> | undefined;
  let limitReached: LimitKind | undefined;
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
  const committing = createInFlight(() => operations);
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
        end({
          type: 'association-aborted',
          ...peer,
          ...traffic(),
          by: indication.by,
          why: indication.why,
          ...(limitReached !== undefined && { limit: limitReached }),
        });
        return receiver.abort();
      case 'associate-ac':
      case 'associate-rj':
      case 'release-rp':
        return; // An acceptor never sends what these would answer; the machine aborts before they come here.
    }
  }

  /** A wait for a place does not stop the reading: a peer that gives up meanwhile is noticed. */
  function associate(rq: AssociateRq): void {
    peer = { ...peer, callingAeTitle: rq.callingAeTitle, calledAeTitle: rq.calledAeTitle };
    const problem = contextsProblem(rq.contexts);
    if (problem !== undefined) return connection.abortInvalid(problem);
    const { userIdentity } = rq.user;
    const decided = deps.enter({ ...rq, userIdentity, remoteAddress: deps.remoteAddress });
    if (!(decided instanceof Promise)) return answer(rq, decided);
    entering = answerLater(rq, decided).catch(fault);
  }

  async function answerLater(rq: AssociateRq, deciding: Promise<Decided>): Promise<void> {
    const decided = await deciding;
    if (connection.state() === 3) answer(rq, decided);
    else if (decided.ok) deps.leave(decided.value);
  }

  function answer(rq: AssociateRq, decided: Decided): void {
    if (!decided.ok) {
      const { result, source: from, reason, why, limit } = decided.error;
      ended = true;
      deps.onEvent({ type: 'association-rejected', ...peer, why, ...(limit !== undefined && { limit }) });
      connection.reject({ type: 'associate-rj', result, source: from, reason });
      return;
    }
    source = decided.value;
    deps.onAdmitted();
    const proposedRoles = rq.user.roles ?? [];
    const roles = answerRoles(proposedRoles, deps.offer);
    const answered = negotiate(rq.contexts, deps.offer, proposedRoles);
    contexts = acceptedContexts(rq.contexts, answered);
    peerPduBytesMax = rq.user.maxPduLength;
    operations = windowOf(rq.user.asyncOperations, limits.operationsMax);
    // What nobody checked is not confirmed (PS3.7 §D.3.3.7).
    const confirmed = rq.user.userIdentity?.responseRequested === true && source.identify !== undefined;
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
        ...(operations > 1 && { asyncOperations: { invoked: operations, performed: 1 } }),
        ...(confirmed && { userIdentityResponse: Buffer.alloc(0) }),
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
        else {
          const answered = receiver.data(bytes, isLast).then((response) => respond(pdv.contextId, response));
          // With a window, the next object is read while this one becomes safe; each is answered when it is.
          await (isLast && operations > 1 ? committing.add(answered) : answered);
        }
      } else {
        const { command, dataSetFollows } = part.value;
        const context = contexts.get(pdv.contextId);
        if (context === undefined)
          return connection.abortInvalid(`presentation context ${pdv.contextId} was not accepted`);
        arriving = command.commandField === commandFields.cStoreRq ? 'object' : 'message';
        if (arriving === 'message') await messages.command(command, context, dataSetFollows);
        else await respond(pdv.contextId, await receiver.begin(command, context, dataSetFollows));
      }
      if (finishing && idle()) return connection.abort('the node is closing');
    }
  }

  async function respond(contextId: number, response: CommandSet | undefined): Promise<void> {
    if (response !== undefined) await requester.respond(contextId, response);
  }

  /** Nothing is arriving and no answer is due. */
  const idle = (): boolean => !messages.busy() && committing.size() === 0 && !reader.inMessage();

  const traffic = () => ({ ...receiver.traffic(), duration_ms: clock.now_ms() - startedAt_ms });

  function end(event: ScpEvent): void {
    if (ended) return;
    ended = true;
    requester.fail('closed', 'the association is over');
    if (source === undefined) {
      const expired = connection.requestExpired();
      deps.onEvent({
        type: 'connection-failed',
        remoteAddress: deps.remoteAddress,
        why: expired ? `no association request within ${limits.artim_ms} ms` : whyOf(event),
        ...(expired && { limit: 'artim' }),
      });
    } else {
      deps.leave(source);
      deps.onEvent(event);
    }
  }

  function fault(error: unknown): void {
    deps.onEvent({ type: 'fault', associationId: deps.associationId, error });
    connection.destroy();
  }

  function giveUp(limit: LimitKind, why: string): void {
    limitReached = limit;
    connection.abort(why);
  }

  /** Looks at the peer's progress four times within the shorter of the two limits. */
  function watch(): () => void {
    const period_ms = Math.max(1, Math.min(limits.idle_ms, limits.progressWindow_ms) / 4);
    let cancel = clock.after(period_ms, look);
    function look(): void {
      if (connection.state() === 6) {
        if (messages.busy() || committing.size() > 0) progress.excuse(clock.now_ms());
        const verdict = progress.judge(clock.now_ms(), reader.inMessage());
        if (verdict === 'idle') giveUp('idle', `nothing came for ${limits.idle_ms} ms`);
        if (verdict === 'too-slow') giveUp('progress', `slower than ${limits.bytesPerSecondMin} bytes/s`);
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
        await entering;
        await committing.settled();
      } catch (error) {
        fault(error);
      } finally {
        unwatch();
        await receiver.abort();
        end({ type: 'association-aborted', ...peer, ...traffic(), by: 'transport', why: 'closed' });
      }
    },
    finish() {
      finishing = true;
      if (connection.state() !== 6) connection.destroy();
      else if (!busy && idle()) connection.abort('the node is closing');
    },
    abort(why) {
      connection.abort(why);
      connection.destroy();
    },
  };
}

/** What of a proposed window we perform: 0 proposes no limit, and without a proposal it is one (PS3.7 §D.3.3.3). */
function windowOf(proposed: AsyncOperations | undefined, most: number): number {
  if (proposed === undefined) return 1;
  return proposed.invoked === 0 ? most : Math.min(proposed.invoked, most);
}

const whyOf = (event: ScpEvent): string => ('why' in event ? event.why : event.type);
