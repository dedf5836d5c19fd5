import { readFileSync } from 'node:fs';
import {
  deviceEvent,
  deviceState,
  telemetry,
  type DeviceState,
  type Telemetry,
} from '@collimator/shared/contracts/messages';
import { hubSubscriptions, parseTopic, topics } from '@collimator/shared/contracts/topics';
import { connectMqtt } from '@collimator/shared/link/mqtt-client';
import type { TestAuthority } from './certificates.ts';

/** The hub's side of the link, as far as the appliance can see it: stores events in memory and acknowledges them. */
export interface FakeHub {
  /** Sequence numbers in order of arrival, repeats included. */
  readonly sequence: number[];
  readonly states: DeviceState[];
  readonly telemetry: Telemetry[];
  /** Messages that do not fit their schema. */
  readonly invalid: string[];
  /** The highest number with no gap below it. */
  through(): number;
  close(): Promise<void>;
}

export function createFakeHub(url: string, authority: TestAuthority, options: { acknowledge?: boolean } = {}): FakeHub {
  const { certificate, key } = authority.client('hub');
  const mqtt = connectMqtt({
    url,
    clientId: 'hub',
    ca: readFileSync(authority.ca, 'utf8'),
    certificate: readFileSync(certificate, 'utf8'),
    key: readFileSync(key, 'utf8'),
    reconnectMs: 50,
  });
  const seen = new Set<number>();
  let through = 0;
  const hub = {
    sequence: [] as number[],
    states: [] as DeviceState[],
    telemetry: [] as Telemetry[],
    invalid: [] as string[],
  };

  const onMessage = (topic: string, payload: Buffer) => {
    const parsed = parseTopic(topic);
    const value: unknown = JSON.parse(payload.toString());
    if (parsed?.kind === 'events') {
      const event = deviceEvent.check(value);
      if (!event.ok) return void hub.invalid.push(topic);
      hub.sequence.push(event.value.seq);
      seen.add(event.value.seq);
      while (seen.has(through + 1)) through += 1;
      const ack = JSON.stringify({ schema: 'collimator.ack/1', through_seq: through });
      // A lost acknowledgement only means that the appliance sends again.
      if (options.acknowledge !== false)
        mqtt.publish(topics.acks(parsed.device), ack, { qos: 1 }).catch(() => undefined);
    } else if (parsed?.kind === 'state') {
      const state = deviceState.check(value);
      if (state.ok) hub.states.push(state.value);
      else hub.invalid.push(topic);
    } else if (parsed?.kind === 'telemetry') {
      const message = telemetry.check(value);
      if (message.ok) hub.telemetry.push(message.value);
      else hub.invalid.push(topic);
    }
  };
  for (const filter of hubSubscriptions) {
    mqtt.subscribe(filter, onMessage).catch(() => undefined);
  }
  return { ...hub, through: () => through, close: () => mqtt.close() };
}
