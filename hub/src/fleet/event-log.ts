import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { canonicalJson } from '@collimator/shared/release/canonical-json';
import type { Store } from '@collimator/shared/sqlite/store';
import type { Device, Devices } from './devices.ts';

/** What devices did with their assignments, each event once and durable before it is acknowledged. */
export interface EventLog {
  /**
   * Stores one event. The same one again changes nothing.
   * @returns the number up to which every event is on the disk: a gap is never acknowledged
   * @throws CodedError `device-unknown`, `device-retired`, `store-*`
   */
  take(event: DeviceEvent): Promise<number>;
  latest(device: Pick<Device, 'id' | 'eventGeneration'>): DeviceEvent | undefined;
}

/** Events of one device that wait for the disk; more are not taken, and the device sends them again. */
const waitingMax = 256;

const eventSql = 'SELECT event_json FROM device_events WHERE device = ? AND generation = ? AND seq = ?';
const laterSql =
  'SELECT seq FROM device_events WHERE device = ? AND generation = ? AND seq > ? ORDER BY seq LIMIT 1000';
const latestSql = 'SELECT event_json FROM device_events WHERE device = ? AND generation = ? ORDER BY seq DESC LIMIT 1';
export const eventLogQueries = [eventSql, laterSql, latestSql];

type EventRow = { readonly event_json: string };

export function createEventLog(deps: {
  readonly store: Store;
  readonly devices: Devices;
  readonly now: () => Date;
  /** Puts on the disk what follows from the event. May be called again for the same one. */
  readonly follow: (event: DeviceEvent) => Promise<void>;
  readonly checkpoint: Checkpoint;
}): EventLog {
  const { store, devices, now } = deps;
  const queues = new Map<string, { tail: Promise<unknown>; waiting: number }>();

  const takeOne = async (event: DeviceEvent): Promise<number> => {
    const device = devices.require(event.device);
    if (device.retiredAt !== null) throw new CodedError('device-retired', event.device);
    // First: an event on the disk may be acknowledged together with a later one, so what follows from it is there too.
    await deps.follow(event);
    const json = canonicalJson(event).toString('utf8');
    const stored = store.get<EventRow>(eventSql, device.id, device.eventGeneration, event.seq);
    if (stored?.event_json === json) return device.ackedSeq;
    // Another event under a number that was given away: the device lost its disk and counts from 1 again.
    const generation = device.eventGeneration + (stored === undefined ? 0 : 1);
    const acked = stored === undefined ? device.ackedSeq : 0;
    const later = store.all<{ seq: number }>(laterSql, device.id, generation, acked).map((row) => row.seq);
    const through = contiguousThrough(acked, [...later, event.seq]);
    const at = now().toISOString();
    await store.write([
      {
        sql: 'INSERT INTO device_events VALUES (?, ?, ?, ?, ?)',
        params: [device.id, generation, event.seq, at, json],
      },
      {
        sql: 'UPDATE devices SET event_generation = ?, acked_seq = ?, seen_at = ? WHERE id = ?',
        params: [generation, through, at, device.id],
        expectChanges: 1,
      },
    ]);
    deps.checkpoint('hub-event-stored');
    return through;
  };

  return {
    async take(event) {
      const queue = queues.get(event.device) ?? { tail: Promise.resolve(), waiting: 0 };
      if (queue.waiting >= waitingMax) throw new CodedError('store-unavailable', `${queue.waiting} events are waiting`);
      queues.set(event.device, queue);
      queue.waiting += 1;
      const mine = queue.tail.then(() => takeOne(event));
      // The next one waits for this one, and does not share its failure.
      queue.tail = mine.then(
        () => undefined,
        () => undefined,
      );
      try {
        return await mine;
      } finally {
        queue.waiting -= 1;
        if (queue.waiting === 0) queues.delete(event.device);
      }
    },
    latest({ id, eventGeneration }) {
      const row = store.get<EventRow>(latestSql, id, eventGeneration);
      return row && (JSON.parse(row.event_json) as DeviceEvent);
    },
  };
}

/** The last number such that it and all before it, from `acked` on, are there. */
export function contiguousThrough(acked: number, seqs: readonly number[]): number {
  const there = new Set(seqs);
  let through = acked;
  while (there.has(through + 1)) through += 1;
  return through;
}
