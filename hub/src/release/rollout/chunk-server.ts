import { encodeChunkFrame } from '@collimator/shared/contracts/chunk-frame';
import { type ChunkRequest, chunkRequest } from '@collimator/shared/contracts/messages';
import { parseTopic, topics } from '@collimator/shared/contracts/topics';
import { formatProblems } from '@collimator/shared/contracts/validate';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import type { ObjectStore } from '../registry/object-store.ts';
import type { Trust } from '../sign/trust.ts';
import { type Allowance, newAllowance, take } from './allowance.ts';

type Want = ChunkRequest['want'][number];

export type ChunkServerLimits = {
  /** Ranges of one device that wait; more are dropped, and the device asks again after its timeout. */
  readonly waitingMax: number;
  /** Devices that are remembered at once, and served at once. */
  readonly devicesMax: number;
  readonly servedAtOnceMax: number;
  /** Ranges per second of one device, on average and in a burst. */
  readonly wantsPerSecond: number;
  readonly wantsBurst: number;
};

export const chunkServerLimits: ChunkServerLimits = {
  waitingMax: 64,
  devicesMax: 20_000,
  servedAtOnceMax: 16,
  wantsPerSecond: 500,
  wantsBurst: 1000,
};

export interface ChunkServer {
  start(): Promise<void>;
  stop(): void;
}

export type ChunkServerDeps = {
  readonly mqtt: MqttPort;
  readonly readRange: ObjectStore['readRange'];
  readonly trust: Pick<Trust, 'rootBytes'>;
  readonly now: () => Date;
  readonly log: Log;
  readonly limits?: ChunkServerLimits;
};

type Peer = { readonly wants: Want[]; serving: boolean; allowance: Allowance };

/** Answers `chunks/<id>/request` on `chunks/<id>/data`, QoS 0, one range at a time per device. */
export function createChunkServer(deps: ChunkServerDeps): ChunkServer {
  const { mqtt, readRange, trust, log, now, limits = chunkServerLimits } = deps;
  const peers = new Map<string, Peer>();
  let serving = 0;
  let stopped = false;

  function peerOf(device: string): Peer | undefined {
    const known = peers.get(device);
    if (known !== undefined) return known;
    if (peers.size >= limits.devicesMax) {
      const idle = [...peers].find(([, peer]) => !peer.serving && peer.wants.length === 0);
      if (idle === undefined) return undefined;
      peers.delete(idle[0]);
    }
    const peer = { wants: [], serving: false, allowance: newAllowance(limits.wantsBurst, now()) };
    peers.set(device, peer);
    return peer;
  }

  function onRequest(topic: string, payload: Buffer): void {
    const device = parseTopic(topic)?.device;
    const peer = device === undefined || stopped ? undefined : peerOf(device);
    if (device === undefined || peer === undefined) return;
    const request = parseRequest(payload);
    if (typeof request === 'string')
      return log.event('chunk-request-refused', { device, reason: request.slice(0, 200), dropped: 1 });
    const taken = take(peer.allowance, request.want.length, now(), limits.wantsPerSecond, limits.wantsBurst);
    peer.allowance = taken.allowance;
    const room = Math.min(taken.granted, limits.waitingMax - peer.wants.length);
    peer.wants.push(...request.want.slice(0, room));
    if (room < request.want.length)
      log.event('chunk-request-refused', {
        device,
        reason: 'asks faster than it may',
        dropped: request.want.length - room,
      });
    pump();
  }

  function pump(): void {
    for (const [device, peer] of peers) {
      if (serving >= limits.servedAtOnceMax) return;
      if (peer.serving || peer.wants.length === 0) continue;
      peer.serving = true;
      serving += 1;
      void serve(device, peer);
    }
  }

  /** Serves a device until it waits for nothing, but after each range lets others in if all places are taken. */
  async function serve(device: string, peer: Peer): Promise<void> {
    try {
      for (let want = peer.wants.shift(); want !== undefined; want = peer.wants.shift()) {
        await mqtt.publish(topics.chunkData(device), await frameOf(want), { qos: 0 });
        if (serving >= limits.servedAtOnceMax) break;
      }
    } catch (error) {
      // The device asks again after its timeout; what it waited for on a lost link is of no use.
      peer.wants.length = 0;
      log.event('chunk-request-refused', {
        device,
        reason: error instanceof Error ? error.message : String(error),
        dropped: 1,
      });
    } finally {
      peer.serving = false;
      serving -= 1;
      // To the end of the line.
      if (peers.delete(device)) peers.set(device, peer);
    }
    pump();
  }

  async function frameOf(want: Want): Promise<Buffer> {
    if ('root' in want) {
      const payload = trust.rootBytes(want.root);
      return encodeChunkFrame(
        payload === undefined ? { kind: 'no-root', version: want.root } : { kind: 'root', version: want.root, payload },
      );
    }
    const { sha256, offset, length } = want;
    const range = await readRange(sha256, offset, length);
    if (range === undefined || range.payload.length === 0) return encodeChunkFrame({ kind: 'missing', sha256, offset });
    return encodeChunkFrame({ kind: 'bytes', sha256, offset, payload: range.payload });
  }

  return {
    async start() {
      const topic = topics.chunkRequest('+');
      try {
        await mqtt.subscribe(topic, onRequest);
      } catch (error) {
        // The connection keeps the filter and subscribes with the next one.
        log.event('publish-postponed', { topic, reason: error instanceof Error ? error.message : String(error) });
      }
    },
    stop() {
      stopped = true;
      for (const peer of peers.values()) peer.wants.length = 0;
      peers.clear();
    },
  };
}

function parseRequest(payload: Buffer): ChunkRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(payload.toString('utf8'));
  } catch {
    return 'not JSON';
  }
  const checked = chunkRequest.check(json);
  return checked.ok ? checked.value : formatProblems(checked.error);
}
