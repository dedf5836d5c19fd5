import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import {
  type Abort,
  abortReasons,
  type AssociateAc,
  type AssociateRj,
  type AssociateRq,
  type Pdu,
  type Pdv,
} from './pdu.ts';
import { encodePdu, encodePdvHead } from './pdu-encode.ts';
import { createPduReader, type Malformed } from './pdu-reader.ts';
import { type Effect, type Event, type Role, type State, stateNames, step } from './state-machine.ts';

/** What the machine tells its user: a PDU that is meant for it, or the end of the association and its cause. */
export type Indication = Exclude<Pdu, Abort> | Aborted;
export type Aborted = {
  readonly type: 'aborted';
  readonly by: 'peer' | 'us' | 'transport';
  readonly why: string;
};

export type ConnectionDeps = {
  readonly socket: Socket;
  readonly role: Role;
  readonly clock: Clock;
  /** Time allowed for the association request to arrive and for the peer to close at the end (PS3.8 §9.1.5), ms. */
  readonly artim_ms: number;
  /** Longest P-DATA-TF variable field taken, bytes. */
  readonly pduBytesMax: number;
  /** Called one at a time; nothing more is read from the peer until the promise resolves (backpressure). */
  readonly onIndication: (indication: Indication) => void | Promise<void>;
  /** Called before each wait for the peer, and with the number of bytes that ended it. */
  readonly onWait?: () => void;
  readonly onBytes?: (bytes: number) => void;
};

export type Connection = {
  state(): State;
  /**
   * Drives the machine until the transport is closed and the last indication was handled.
   * Rejects for a fault of the user's handler, never for what a peer does.
   *
   * @param first the A-ASSOCIATE-RQ, for a requestor
   */
  run(first?: AssociateRq): Promise<void>;
  accept(ac: AssociateAc): void;
  reject(rj: AssociateRj): void;
  /** Sends one fragment; resolves when the socket takes more. False when the association is over. */
  data(pdv: Pdv): Promise<boolean>;
  requestRelease(): void;
  confirmRelease(): void;
  /** A-ABORT to the peer, and an `aborted` indication by us with this reason. */
  abort(why: string): void;
  /** A-ABORT by the service provider: what the peer sent has a parameter that cannot be (PS3.8 Table 9-26). */
  abortInvalid(why: string): void;
  /** Whether the transport was closed because no association request came in time. */
  requestExpired(): boolean;
  /** Closes the transport at once. */
  destroy(): void;
};

/** The adapter between a socket and the state machine: carries out its effects, and nothing else. */
export function createConnection(deps: ConnectionDeps): Connection {
  const { socket, clock, role } = deps;
  const reader = createPduReader(deps.pduBytesMax);
  let state: State = role === 'acceptor' ? 1 : 4;
  let stopArtim: (() => void) | undefined;
  let expired = false;

  /** Effects happen at once and in order; the promise is the user's handling of an indication. */
  function apply(event: Event, payload?: Pdu, broken?: Malformed): void | Promise<void> {
    const found = step(state, event, role);
    if (found === undefined) return undefined;
    const from = state;
    state = found.next;
    let handled: void | Promise<void> = undefined;
    for (const effect of found.effects) handled = carryOut(effect, from, payload, broken) ?? handled;
    return handled;
  }

  function carryOut(effect: Effect, from: State, payload?: Pdu, broken?: Malformed): void | Promise<void> {
    switch (effect) {
      case 'connect':
        return; // The socket is made by the caller, who then hands it over in Sta4.
      case 'send':
        if (payload !== undefined) send(payload);
        return;
      case 'send-abort-user':
        send({ type: 'abort', source: 0, reason: 0 });
        return;
      case 'send-abort-provider':
        send({ type: 'abort', source: 2, reason: broken?.reason ?? abortReasons.unexpectedPdu });
        return;
      case 'indicate':
        if (payload === undefined) return;
        return deps.onIndication(payload.type === 'abort' ? peerAborted(payload) : payload);
      case 'indicate-provider-abort':
        return deps.onIndication({
          type: 'aborted',
          by: state === 1 ? 'transport' : 'us',
          why: broken?.why ?? `${payload?.type ?? 'event'} not expected in state: ${stateNames[from]}`,
        });
      case 'start-artim':
        stopArtim?.();
        stopArtim = clock.after(deps.artim_ms, () => {
          expired = state === 2;
          void apply('artim-expired');
        });
        return;
      case 'stop-artim':
        stopArtim?.();
        stopArtim = undefined;
        return;
      case 'close':
        socket.destroy(); // The machine closes only when nothing of ours is still to be sent.
        return;
    }
  }

  const send = (pdu: Pdu): boolean => socket.destroyed || socket.write(encodePdu(pdu));

  /** Reads until the transport is closed; what a handler throws passes through. @returns why it closed */
  async function read(): Promise<string> {
    const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
    for (;;) {
      deps.onWait?.();
      const next = await chunks.next().then(
        (value) => value,
        (error: Error) => ({ done: true as const, value: error }),
      );
      if (next.done === true)
        return next.value instanceof Error ? next.value.message : 'the peer closed the connection';
      deps.onBytes?.(next.value.length);
      for (const pdu of reader.push(next.value)) {
        if (pdu.ok) await apply(pdu.value.type, pdu.value);
        else await apply('invalid-pdu', undefined, pdu.error);
      }
    }
  }

  return {
    state: () => state,
    async run(first) {
      let broken = '';
      socket.on('error', (error) => {
        broken = error.message;
      });
      await apply(role === 'acceptor' ? 'transport-indication' : 'transport-connected', first);
      const closed = await read();
      stopArtim?.();
      await apply('transport-closed', undefined, { reason: abortReasons.notSpecified, why: broken || closed });
      socket.destroy();
    },
    accept: (ac) => void apply('associate-accept', ac),
    reject: (rj) => void apply('associate-reject', rj),
    requestRelease: () => void apply('release-request', { type: 'release-rq' }),
    confirmRelease: () => void apply('release-response', { type: 'release-rp' }),
    async data(pdv) {
      if (socket.destroyed || step(state, 'data-request', role) === undefined) return false;
      socket.cork();
      socket.write(encodePdvHead(pdv));
      const more = socket.write(pdv.data);
      socket.uncork();
      if (!more) {
        deps.onWait?.();
        await drained(socket);
        deps.onBytes?.(0);
      }
      return !socket.destroyed;
    },
    abort(why) {
      const sent = step(state, 'abort-request', role) !== undefined;
      void apply('abort-request');
      if (sent) void deps.onIndication({ type: 'aborted', by: 'us', why });
    },
    abortInvalid: (why) => void apply('invalid-pdu', undefined, { reason: abortReasons.invalidParameterValue, why }),
    requestExpired: () => expired,
    destroy: () => void socket.destroy(),
  };
}

/** Waits until the socket takes more, or is gone; the user's timers decide how long that may last. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });
}

const peerAborted = ({ source, reason }: Abort): Aborted => ({
  type: 'aborted',
  by: 'peer',
  why: `A-ABORT from the ${source === 0 ? 'user' : 'provider'}, reason ${reason}`,
});
