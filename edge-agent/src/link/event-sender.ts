import { eventAck } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import { formatProblems } from '@collimator/shared/contracts/validate';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { codeOf } from '../observe/code-of.ts';
import type { Every } from '../timers.ts';
import type { Outbox, Report } from './outbox.ts';
import { subscribeWhenever } from './subscribe-whenever.ts';

export interface EventSender {
  /** Stores the event, then sends it as soon as there is a connection. Resolves when it is stored. */
  report(entry: Report): Promise<void>;
  /** Subscribes to acknowledgements and sends what is pending now and after each reconnect. */
  start(): Promise<void>;
  stop(): void;
}

export type EventSenderDeps = {
  readonly mqtt: MqttPort;
  readonly outbox: Outbox;
  readonly deviceId: string;
  readonly log: Log;
  readonly every: Every;
  readonly window?: number;
  readonly resendAfter_ms?: number;
};

/** Events under way without an acknowledgement of the hub. */
const windowDefault = 64;
/** QoS 1 says that the broker has it; when the hub stays silent this long, all is sent again. */
const resendAfterMsDefault = 30_000;

/**
 * Sends the outbox in order. An event leaves the outbox only when the hub says that it is on the hub's disk;
 * until then each new connection sends it again, and the hub knows repeats by their sequence number.
 */
export function createEventSender(deps: EventSenderDeps): EventSender {
  const { mqtt, outbox, deviceId, log } = deps;
  const window = deps.window ?? windowDefault;
  const ends: (() => void)[] = [];
  let sentThrough = 0;
  let pumping = false;
  let again = false;
  let restarts = 0;
  let quietRounds = 0;

  async function pump(): Promise<void> {
    if (pumping) {
      again = true;
      return;
    }
    pumping = true;
    do {
      again = false;
      try {
        await sendWindow();
      } catch (error) {
        // The events are on the disk; the next connection sends them.
        log.event('link-publish-failed', { kind: 'events', code: codeOf(error) });
      }
    } while (again && mqtt.connected);
    pumping = false;
  }

  async function sendWindow(): Promise<void> {
    if (!mqtt.connected) return;
    const first = outbox.pending(0, 1)[0];
    if (first === undefined) return;
    const room = window - Math.max(0, sentThrough - first.seq + 1);
    if (room <= 0) return;
    const turn = restarts;
    for (const event of outbox.pending(sentThrough, room)) {
      await mqtt.publish(topics.events(deviceId), JSON.stringify(event), { qos: 1 });
      // A reconnect during the await has set sentThrough back: start over from the oldest.
      if (turn !== restarts) return;
      sentThrough = event.seq;
    }
  }

  async function acknowledged(payload: Buffer): Promise<void> {
    const ack = parseAck(payload);
    if (typeof ack === 'string') return log.event('link-message-refused', { kind: 'acks', reason: ack });
    try {
      const known = await outbox.acknowledge(ack.through_seq);
      if (!known) log.event('link-message-refused', { kind: 'acks', reason: 'acknowledges what was never sent' });
      else log.event('outbox-acknowledged', { through_seq: ack.through_seq, pending: outbox.size() });
    } catch (error) {
      log.event('outbox-failed', { code: codeOf(error) });
    }
    quietRounds = 0;
    await pump();
  }

  const restart = () => {
    restarts += 1;
    sentThrough = 0;
    void pump();
  };

  return {
    async report(entry) {
      await outbox.report(entry);
      void pump();
    },
    async start() {
      await subscribeWhenever(mqtt, topics.acks(deviceId), (_topic, payload) => void acknowledged(payload), log);
      ends.push(mqtt.onConnected(restart));
      ends.push(
        deps.every(deps.resendAfter_ms ?? resendAfterMsDefault, () => {
          // One whole silent interval with something under way, not the rest of one.
          quietRounds = sentThrough > 0 && outbox.size() > 0 ? quietRounds + 1 : 0;
          if (quietRounds > 1) restart();
        }),
      );
    },
    stop() {
      for (const end of ends.splice(0)) end();
    },
  };
}

function parseAck(payload: Buffer): { readonly through_seq: number } | string {
  try {
    const checked = eventAck.check(JSON.parse(payload.toString('utf8')));
    return checked.ok ? checked.value : formatProblems(checked.error);
  } catch {
    return 'is not JSON';
  }
}
