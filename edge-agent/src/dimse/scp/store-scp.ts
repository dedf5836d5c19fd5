import { randomUUID } from 'node:crypto';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContextOptions,
  Server as TlsServer,
  type TlsOptions,
} from 'node:tls';
import { bcp195 } from '../bcp195.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { CommitmentService } from '../commitment/commitment-service.ts';
import { defaultImplementation, type Implementation } from '../implementation.ts';
import { createScpAssociation, type ScpAssociation } from './scp-association.ts';
import type { LimitKind, ScpEvent } from './scp-events.ts';
import { createAdmissionLine } from './scp-line.ts';
import { defaultScpLimits, type ScpLimits } from './scp-limits.ts';
import { offerOf, type OfferOptions } from './scp-offer.ts';
import type { StoreSink } from './store-sink.ts';
import { parseCidr, plainAddress } from '../upper-layer/address.ts';
import type { Policy } from '../upper-layer/admission.ts';

export type Listen = {
  /** Address to listen on; all of them when absent. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Options of node:tls, on top of `bcp195`; plain TCP when absent. */
  readonly tls?: TlsOptions;
};

export type StoreScpDeps = {
  readonly listen: readonly Listen[];
  readonly policy: Policy & OfferOptions;
  readonly limits?: Partial<ScpLimits>;
  readonly sink: StoreSink;
  /** What is served besides verification and storage. */
  readonly services?: { readonly commitment?: CommitmentService };
  readonly onEvent: (event: ScpEvent) => void;
  /** Why nobody should come now; whoever does is then refused as temporary congestion. Undefined when all is well. */
  readonly congested?: () => string | undefined;
  readonly clock?: Clock;
  readonly implementation?: Implementation;
  /** Names an association in events; random when absent. */
  readonly newAssociationId?: () => string;
};

export type StoreScp = {
  /** Listens; rejects when an address cannot be had. */
  start(): Promise<void>;
  /** Takes no more connections, lets objects that are arriving come to their end for a while, and ends all associations. */
  close(): Promise<void>;
  /**
   * Other certificates for whoever connects from now on; open associations stay as they are.
   * Throws what node:tls does where certificate and key do not belong together; the old ones then stay.
   *
   * @param index of the listener in `listen`; it must have been started with `tls`
   */
  setTls(index: number, tls: SecureContextOptions): void;
  /** Where it listens, in the order of `listen`. */
  addresses(): readonly { readonly host: string; readonly port: number }[];
};

/**
 * A Verification and Storage SCP (PS3.4 Annexes A and B). Each association runs by itself, so that none waits
 * for another; each waits for its own sink.
 *
 * @throws TypeError when an address of the policy cannot be read
 */
export function createStoreScp(deps: StoreScpDeps): StoreScp {
  const limits: ScpLimits = { ...defaultScpLimits, ...deps.limits };
  const clock = deps.clock ?? systemClock;
  for (const source of deps.policy.sources)
    for (const address of source.addresses) {
      const cidr = parseCidr(address);
      if (!cidr.ok) throw new TypeError(`source ${source.aeTitle}: ${cidr.error}`);
    }
  const commitment = deps.services?.commitment;
  const offer = offerOf(deps.policy, commitment);
  const servers: Server[] = [];
  const serving = new Map<ScpAssociation, Promise<void>>();
  const line = createAdmissionLine({
    policy: deps.policy,
    clock,
    associationWait_ms: limits.associationWait_ms,
    congested: deps.congested ?? (() => undefined),
  });
  /** Connections without an association, by address. */
  const waiting = new Map<string, number>();
  let closing = false;

  const failed = (remoteAddress: string, why: string, limit?: LimitKind): void =>
    deps.onEvent({
      type: 'connection-failed',
      remoteAddress: plainAddress(remoteAddress),
      why,
      ...(limit !== undefined && { limit }),
    });

  /** Takes a place among those of an address that wait for an association; the returned function gives it back, once. */
  function wait(address: string): () => void {
    waiting.set(address, (waiting.get(address) ?? 0) + 1);
    let waits = true;
    return () => {
      if (!waits) return;
      waits = false;
      const left = (waiting.get(address) ?? 1) - 1;
      if (left === 0) waiting.delete(address);
      else waiting.set(address, left);
    };
  }

  function serve(socket: Socket): void {
    socket.setNoDelay(true);
    const remoteAddress = plainAddress(socket.remoteAddress ?? '');
    if (closing) return void socket.destroy();
    if ((waiting.get(remoteAddress) ?? 0) >= limits.waitingPerAddressMax) {
      socket.destroy();
      return failed(
        remoteAddress,
        `${remoteAddress} has ${limits.waitingPerAddressMax} connections without an association`,
        'waiting-per-address',
      );
    }
    const stopWaiting = wait(remoteAddress);
    const association = createScpAssociation({
      socket,
      remoteAddress,
      associationId: (deps.newAssociationId ?? randomUUID)(),
      limits,
      offer,
      commitment,
      implementation: deps.implementation ?? defaultImplementation,
      sink: deps.sink,
      clock,
      onEvent: deps.onEvent,
      enter: (request) => line.enter(request),
      onAdmitted: stopWaiting,
      leave: (source) => line.leave(source),
    });
    serving.set(
      association,
      association.run().finally(() => {
        serving.delete(association);
        stopWaiting();
      }),
    );
  }

  function listen({ host, port, tls }: Listen): Promise<void> {
    const server =
      tls === undefined
        ? createTcpServer(serve)
        : createTlsServer({ handshakeTimeout: limits.artim_ms, ...bcp195, ...tls }, serve);
    server.maxConnections = limits.connectionsMax;
    servers.push(server);
    server.on('drop', (data) =>
      failed(data?.remoteAddress ?? '', `all ${limits.connectionsMax} connections are in use`, 'connections'),
    );
    server.on('tlsClientError', (error: Error, socket: Socket) => failed(socket.remoteAddress ?? '', error.message));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
        server.off('error', reject);
        server.on('error', (error) => failed('', error.message));
        resolve();
      });
    });
  }

  return {
    async start() {
      try {
        for (const one of deps.listen) await listen(one);
      } catch (error) {
        await Promise.all(servers.map(closed));
        throw error;
      }
    },
    async close() {
      closing = true;
      line.close();
      const stopped = servers.map(closed);
      for (const association of serving.keys()) association.finish();
      const cancel = clock.after(limits.closeGrace_ms, () => {
        for (const association of serving.keys()) association.abort('the node is closing');
      });
      while (serving.size > 0) await Promise.all(serving.values());
      cancel();
      await Promise.all(stopped);
    },
    setTls(index, tls) {
      const server = servers[index];
      if (!(server instanceof TlsServer)) throw new TypeError(`listener ${index} is not one with TLS`);
      server.setSecureContext({ ...bcp195, ...tls });
    },
    addresses: () =>
      servers.map((server) => {
        const { address, port } = server.address() as AddressInfo;
        return { host: address, port };
      }),
  };
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    if (server.listening) server.close(() => resolve());
    else resolve();
  });
