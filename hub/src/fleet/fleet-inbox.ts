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

export type InboxDeps = {
  readonly mqtt: MqttPort;
  readonly devices: Devices;
  readonly events: EventLog;
  readonly log: Log;
  /** Resolves when what follows from the event is on the disk too; only then is it acknowledged. */
  readonly onEvent: (event: DeviceEvent) => Promise<void>;
  readonly onMessage?: (kind: 'state' | 'telemetry' | 'events', taken: boolean) => void;
};

/** Largest message of a device that is read; a chunk request goes elsewhere. */
const messageBytesMax = 256 * 1024;

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
      const message = read<M>(check, device, payload);
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

  await listen('state', deviceState, (state: DeviceState) => devices.takeState(state));
  await listen('telemetry', telemetry, (report: Telemetry) => devices.takeTelemetry(report));
  await listen('events', deviceEvent, async (event: DeviceEvent) => {
    const through = await events.take(event);
    await deps.onEvent(event);
    const ack: EventAck = { schema: 'collimator.ack/1', through_seq: through };
    await mqtt.publish(topics.acks(event.device), JSON.stringify(ack), { qos: 1 });
  });
}

/** The message, or why it is not one. The topic's device was proven by its certificate; the message must agree. */
function read<M extends Addressed>(check: Validator<TSchema>, device: string, payload: Buffer): M | string {
  if (payload.length > messageBytesMax) return `${payload.length} bytes`;
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
