import { topics } from '@collimator/shared/contracts/topics';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { assignmentBytesMax } from '@collimator/shared/release/assignment';
import { metadataBytesMax } from '@collimator/shared/release/trusted-metadata';
import { subscribeWhenever } from '../../link/subscribe-whenever.ts';

/** Release names that may wait at once: a hub that invents names fills no memory. */
const namesMax = 256;

/** The newest announcement of each kind, not yet looked at. An older one that waits is overwritten. */
export interface Inbox {
  start(): Promise<void>;
  takeTimestamp(): Buffer | undefined;
  takeAssignment(): { readonly name: string; readonly bytes: Buffer } | undefined;
}

/** @param onArrival called after each announcement that was kept */
export function createInbox(
  mqtt: MqttPort,
  deviceId: string,
  log: Log,
  onArrival: (assignment?: { readonly name: string; readonly bytes: Buffer }) => void,
): Inbox {
  let timestamp: Buffer | undefined;
  const assignments = new Map<string, Buffer>();
  const prefix = topics.assignment(deviceId, '');

  function onTimestamp(_topic: string, payload: Buffer): void {
    if (payload.length === 0) return;
    timestamp = Buffer.from(payload.subarray(0, metadataBytesMax.timestamp + 1));
    onArrival();
  }

  function onAssignment(topic: string, payload: Buffer): void {
    const name = topic.slice(prefix.length);
    // An empty retained message only says that the topic was cleared.
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) || payload.length === 0) return;
    if (assignments.size >= namesMax && !assignments.has(name)) return;
    // One byte too many is enough to see later that it is too long.
    const bytes = Buffer.from(payload.subarray(0, assignmentBytesMax + 1));
    assignments.set(name, bytes);
    onArrival({ name, bytes });
  }

  return {
    async start() {
      // The timestamp first: retained messages come in the order of the subscriptions, and assignments need it.
      await subscribeWhenever(mqtt, topics.fleetTimestamp, onTimestamp, log);
      await subscribeWhenever(mqtt, topics.assignments(deviceId), onAssignment, log);
    },
    takeTimestamp() {
      const taken = timestamp;
      timestamp = undefined;
      return taken;
    },
    takeAssignment() {
      const [first] = assignments;
      if (first === undefined) return undefined;
      assignments.delete(first[0]);
      return { name: first[0], bytes: first[1] };
    },
  };
}
