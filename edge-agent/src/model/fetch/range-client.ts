import { type ChunkFrame, decodeChunkFrame } from '@collimator/shared/contracts/chunk-frame';
import type { ChunkRequest } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';
import { subscribeWhenever } from '../../link/subscribe-whenever.ts';
import type { Clock } from '../clock.ts';

export type FetchLimits = {
  /** Ranges under way at once: what bounds the memory of a fetch, here and in the broker. */
  readonly window: number;
  readonly timeout_ms: number;
  /** Tries of one range before the whole fetch is put off. */
  readonly triesMax: number;
  readonly backoffFirst_ms: number;
};

export const fetchLimits: FetchLimits = { window: 8, timeout_ms: 10_000, triesMax: 5, backoffFirst_ms: 250 };

/** Asks the hub for ranges of content-addressed objects and for root metadata, QoS 0, with a window. */
export interface RangeClient {
  start(): Promise<void>;
  /** At most `length` encoded bytes from `offset`. Errors: `chunk-timeout`, `chunk-missing`, `model-superseded`. */
  range(sha256: string, offset: number, length: number, signal: AbortSignal): Promise<Result<Buffer, Refusal>>;
  /** Root metadata by version; undefined when the hub has none of that version. */
  root(version: number, signal: AbortSignal): Promise<Result<Buffer | undefined, Refusal>>;
}

type Want = ChunkRequest['want'][number];
type Waiter = (frame: ChunkFrame) => void;

const keyOf = (want: Want): string => ('root' in want ? `root ${want.root}` : `${want.sha256} ${want.offset}`);
const keyOfFrame = (frame: ChunkFrame): string =>
  'sha256' in frame ? `${frame.sha256} ${frame.offset}` : `root ${frame.version}`;

export function createRangeClient(deps: {
  readonly mqtt: MqttPort;
  readonly deviceId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits?: FetchLimits;
}): RangeClient {
  const { mqtt, deviceId, clock, log, limits = fetchLimits } = deps;
  /** Who waits for which range; bounded by the window, since each caller of `exchange` holds a place. */
  const waiting = new Map<string, Set<Waiter>>();
  const line: (() => void)[] = [];
  let underWay = 0;

  async function inWindow<T>(work: () => Promise<T>): Promise<T> {
    if (underWay >= limits.window) await new Promise<void>((resolve) => line.push(resolve));
    else underWay += 1;
    try {
      return await work();
    } finally {
      // A place is handed on to the next in line, or given back.
      const next = line.shift();
      if (next === undefined) underWay -= 1;
      else next();
    }
  }

  /** One request and its answer, or undefined when none came in time. */
  async function exchange(want: Want, signal: AbortSignal): Promise<ChunkFrame | undefined> {
    const key = keyOf(want);
    const waiters = waiting.get(key) ?? new Set();
    waiting.set(key, waiters);
    let take: Waiter = () => undefined;
    let cancel = () => {};
    let aborted = () => {};
    const answer = new Promise<ChunkFrame | undefined>((resolve) => {
      take = resolve;
      cancel = clock.after(limits.timeout_ms, () => resolve(undefined));
      aborted = () => resolve(undefined);
    });
    signal.addEventListener('abort', aborted);
    waiters.add(take);
    try {
      const request: ChunkRequest = { schema: 'collimator.chunks/1', want: [want] };
      await mqtt.publish(topics.chunkRequest(deviceId), JSON.stringify(request));
      return await answer;
    } finally {
      cancel();
      signal.removeEventListener('abort', aborted);
      waiters.delete(take);
      if (waiters.size === 0) waiting.delete(key);
    }
  }

  async function persist(want: Want, signal: AbortSignal): Promise<Result<ChunkFrame, Refusal>> {
    let last = 'no answer';
    for (let tries = 0; tries < limits.triesMax; tries++) {
      if (tries > 0) await clock.sleep(limits.backoffFirst_ms * 2 ** (tries - 1), signal);
      if (signal.aborted) return refuse('model-superseded', keyOf(want).slice(0, 12));
      try {
        const frame = await inWindow(() => exchange(want, signal));
        if (frame !== undefined) return ok(frame);
      } catch (error) {
        // The link is down: the next try may find it up again.
        last = error instanceof Error ? error.message : String(error);
      }
    }
    if (signal.aborted) return refuse('model-superseded', keyOf(want).slice(0, 12));
    return refuse('chunk-timeout', `${keyOf(want).slice(0, 12)}, ${limits.triesMax} tries, ${last}`);
  }

  function onData(_topic: string, payload: Buffer): void {
    const frame = decodeChunkFrame(payload);
    if (frame === undefined) return;
    for (const take of waiting.get(keyOfFrame(frame)) ?? []) take(frame);
  }

  return {
    start: () => subscribeWhenever(mqtt, topics.chunkData(deviceId), onData, log),
    async range(sha256, offset, length, signal) {
      const frame = await persist({ sha256, offset, length }, signal);
      if (!frame.ok) return frame;
      if (frame.value.kind !== 'bytes') return refuse('chunk-missing', `${sha256.slice(0, 12)} at ${offset}`);
      return ok(Buffer.from(frame.value.payload));
    },
    async root(version, signal) {
      const frame = await persist({ root: version }, signal);
      if (!frame.ok) return frame;
      return ok(frame.value.kind === 'root' ? Buffer.from(frame.value.payload) : undefined);
    },
  };
}
