import {
  type DeviceEvent,
  deviceEvent,
  type DeviceState,
  deviceState,
  type EventAck,
  type Telemetry,
  telemetry,
} from '@collimator/shared/contracts/messages';
import { parseTopic, topics } from '@collimator/shared/contracts/topics';
import { formatProblems, type Validator } from '@collimator/shared/contracts/validate';
import { isCoded } from '@collimator/shared/errors/coded-error';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import type { TSchema } from 'typebox';
import type { Devices } from './devices.ts';
import type { EventLog } from './event-log.ts';
import { createNewestOnly } from './newest-only.ts';

export type InboxDeps = {
  readonly mqtt: MqttPort;
  readonly devices: Devices;
  readonly events: EventLog;
  readonly log: Log;
  readonly onMessage?: (kind: 'state' | 'telemetry' | 'events', taken: boolean) => void;
};

/** Largest message of a device that is read, by kind; a chunk request goes elsewhere. */
const messageBytesMax = { state: 256 * 1024, telemetry: 64 * 1024, events: 8 * 1024 } as const;

type Addressed = { readonly device: string };

/** Takes what devices report. A message that is refused or cannot be stored is logged, and an event not acknowledged. */
export async function openInbox(deps: InboxDeps): Promise<void> {
  const { mqtt, devices, events, log } = deps;

  const listen = async <S extends TSchema, M extends Addressed>(
    kind: 'state' | 'telemetry' | 'events',
    check: Validator<S>,
    take: (message: M) => Promise<void>,
  ) => {
    await mqtt.subscribe(topics[kind]('+'), (topic, payload) => {
      const device = parseTopic(topic)?.device ?? '?';
      const message = read<M>(check, device, payload, messageBytesMax[kind]);
      if (typeof message === 'string') {
        log.event('fleet-message-refused', { device, kind, reason: message });
        deps.onMessage?.(kind, false);
        return;
      }
      take(message).then(
        () => deps.onMessage?.(kind, true),
        (error: unknown) => {
          const code = isCoded(error) ? error.code : 'hub-internal';
          const reason = error instanceof Error ? error.message : String(error);
          log.event('fleet-message-failed', { device, kind, code, reason });
          deps.onMessage?.(kind, false);
        },
      );
    });
  };

  // Of these only the last word counts: a device that talks faster than the disk writes cannot crowd out the others.
  const [states, reports] = [createNewestOnly(), createNewestOnly()];
  await listen('state', deviceState, (state: DeviceState) =>
    states(state.device, () => devices.takeState(state)).then(() => undefined),
  );
  await listen('telemetry', telemetry, (report: Telemetry) =>
    reports(report.device, () => devices.takeTelemetry(report)).then(() => undefined),
  );
  await listen('events', deviceEvent, async (event: DeviceEvent) => {
    const through = await events.take(event);
    const ack: EventAck = { schema: 'collimator.ack/1', through_seq: through };
    await mqtt.publish(topics.acks(event.device), JSON.stringify(ack), { qos: 1 });
  });
}

/** The message, or why it is not one. The topic's device was proven by its certificate; the message must agree. */
function read<M extends Addressed>(
  check: Validator<TSchema>,
  device: string,
  payload: Buffer,
  bytesMax: number,
): M | string {
  if (payload.length > bytesMax) return `${payload.length} bytes`;
  let value: unknown;
  try {
    value = JSON.parse(payload.toString('utf8'));
  } catch {
    return 'not JSON';
  }
  const checked = check.check(value);
  if (!checked.ok) return formatProblems(checked.error).slice(0, 200);
  const message = checked.value as M;
  return message.device === device ? message : 'it names another device';
}
