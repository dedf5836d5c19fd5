import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { hubCommonName, serialHex } from '@collimator/provisioning/authority/authority';
import type { Log } from '@collimator/shared/observe/log';
import { Aedes, type Client } from 'aedes';
import { boundStream } from './bounded-stream.ts';
import { type Admits, judgeConnect, judgePublish, maySubscribe, type Peer } from './broker-policy.ts';

export type BrokerOptions = {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** PEM text. */
  readonly certificate: string;
  readonly key: string;
  /** Root and issuing certificate: a client must prove a certificate that leads to them. */
  readonly ca: readonly string[];
  readonly bounds?: Partial<BrokerBounds>;
};

export type BrokerBounds = {
  readonly connectionsMax: number;
  /** Connections under one name: one is in use, the others are about to end. */
  readonly connectionsPerPeerMax: number;
  /** A packet of a client; the largest is a chunk of 256 KiB with its frame, from the hub. */
  readonly packetBytesMax: number;
  readonly unsentBytesMax: number;
  /** Messages delivered at once; publishers beyond it wait on their own sockets. */
  readonly concurrency: number;
  readonly handshakeMs: number;
  /** Subscriptions of one session that are refused; with the last of them it ends. */
  readonly refusedSubscriptionsMax: number;
};

export const brokerBoundsDefault: BrokerBounds = {
  connectionsMax: 12_000,
  connectionsPerPeerMax: 8,
  packetBytesMax: 1024 * 1024,
  unsentBytesMax: 8 * 1024 * 1024,
  concurrency: 100,
  handshakeMs: 10_000,
  refusedSubscriptionsMax: 64,
};

export interface EmbeddedBroker {
  readonly port: number;
  readonly clients: () => number;
  /** Ends the live session of a device at once; false when there is none. */
  disconnect(device: string, reason: string): boolean;
  close(): Promise<void>;
}

export type BrokerDeps = {
  readonly admits: Admits;
  readonly log: Log;
  readonly onDropped?: (reason: string) => void;
};

/**
 * An MQTT 3.1.1 broker over mutual TLS inside the hub. It keeps nothing on disk: retained messages are published
 * again by their owners, the hub's when it starts and a device's when it reconnects.
 */
export async function startEmbeddedBroker(options: BrokerOptions, deps: BrokerDeps): Promise<EmbeddedBroker> {
  const bounds = { ...brokerBoundsDefault, ...options.bounds };
  const { log } = deps;
  const peers = new WeakMap<object, Peer>();
  const refusals = new WeakMap<object, number>();
  const connections = new Map<string, Set<Duplex>>();
  const peerOf = (client: Client): Peer | undefined => peers.get(client.conn);

  const aedes = await Aedes.createBroker({
    concurrency: bounds.concurrency,
    connectTimeout: bounds.handshakeMs,
    drainTimeout: bounds.handshakeMs,
    maxClientsIdLength: 64,
    preConnect(client, packet, done) {
      const peer = peerOf(client);
      if (peer === undefined) return done(new Error('no certificate'), false);
      const { clientId, username, clean = false } = packet;
      const judged = judgeConnect(peer, { clientId, username, clean }, deps.admits);
      if (judged.ok) return done(null, true);
      log.event('broker-refused', { device: peer.commonName, reason: judged.error });
      return done(new Error(judged.error), false);
    },
    authorizePublish(client, packet, done) {
      if (client === null) return done(null);
      const peer = peerOf(client);
      const { topic, qos, retain } = packet;
      const judged = judgePublish(peer?.commonName ?? '', { topic, qos, retain });
      if (judged.ok) return done(null);
      log.event('broker-refused', { device: peer?.commonName ?? '?', reason: judged.error });
      return done(new Error(judged.error));
    },
    authorizeSubscribe(client, subscription, done) {
      const peer = peerOf(client);
      if (peer !== undefined && maySubscribe(peer.commonName, subscription.topic)) return done(null, subscription);
      log.event('broker-refused', { device: peer?.commonName ?? '?', reason: 'not a filter of this device' });
      const refused = (refusals.get(client.conn) ?? 0) + 1;
      refusals.set(client.conn, refused);
      // Each refusal is a line in the log, and nobody has an honest reason to go on.
      if (refused >= bounds.refusedSubscriptionsMax) return done(new Error('too many refused subscriptions'), null);
      // No subscription and no error: the client is answered with failure (0x80) for this filter and stays.
      return done(null, null);
    },
  });

  const server = createServer({
    cert: options.certificate,
    key: options.key,
    ca: [...options.ca],
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    handshakeTimeout: bounds.handshakeMs,
  });
  server.maxConnections = bounds.connectionsMax;
  server.on('secureConnection', (socket) => {
    const peer = peerOfSocket(socket);
    socket.setNoDelay(true);
    const open = connections.get(peer.commonName) ?? new Set();
    if (open.size >= bounds.connectionsPerPeerMax) {
      log.event('broker-refused', { device: peer.commonName, reason: `has ${open.size} connections` });
      socket.destroy();
      return;
    }
    const stream = boundStream(socket, bounds, (reason) => {
      log.event('broker-client-dropped', { device: peer.commonName, reason });
      deps.onDropped?.(reason);
    });
    connections.set(peer.commonName, open.add(stream));
    stream.once('close', () => {
      open.delete(stream);
      if (open.size === 0) connections.delete(peer.commonName);
    });
    peers.set(stream, peer);
    aedes.handle(stream);
  });
  server.on('tlsClientError', (error) => log.event('broker-refused', { device: '?', reason: error.message }));
  aedes.on('clientReady', (client) => report(client, 'device-connected'));
  aedes.on('clientDisconnect', (client) => report(client, 'device-disconnected'));
  const report = (client: Client, event: 'device-connected' | 'device-disconnected') => {
    if (client.id !== hubCommonName) log.event(event, { device: client.id });
  };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });

  return {
    port: (server.address() as AddressInfo).port,
    clients: () => aedes.connectedClients,
    disconnect(device, reason) {
      // Every connection under this name, not the broker's list of clients: one that was let in a moment ago is not on
      // it yet, and would stay.
      const open = [...(connections.get(device) ?? [])];
      if (open.length > 0) log.event('broker-client-dropped', { device, reason });
      for (const stream of open) stream.destroy();
      return open.length > 0;
    },
    async close() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await stopped;
    },
  };
}

function peerOfSocket(socket: TLSSocket): Peer {
  const certificate = socket.getPeerCertificate();
  const name = certificate.subject?.CN;
  return {
    commonName: typeof name === 'string' ? name : '',
    certificateSerial: serialHex(certificate.serialNumber ?? ''),
  };
}
