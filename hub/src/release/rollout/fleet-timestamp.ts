import { topics } from '@collimator/shared/contracts/topics';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import type { Trust } from '../sign/trust.ts';

export interface FleetTimestamp {
  /** Publishes the timestamp now, after each reconnect and whenever the trust repository changes. */
  start(): void;
  stop(): void;
  /** Signs a new timestamp and publishes it: the job to run every `fleetTimestampEveryMs`. */
  refresh(): Promise<void>;
}

/** A quarter of the life of a timestamp: two refreshes may fail before a device sees it expire. */
export const fleetTimestampEveryMs = 6 * 3_600_000;

/**
 * Keeps `fleet/timestamp` (retained) true. Start it before the roll-outs: on a reconnect, devices should see the newest
 * metadata before the assignments that need it.
 */
export function createFleetTimestamp(deps: {
  readonly trust: Pick<Trust, 'timestampBytes' | 'refreshTimestamp' | 'onChange'>;
  readonly mqtt: MqttPort;
  readonly log: Log;
}): FleetTimestamp {
  const { trust, mqtt, log } = deps;
  const stops: (() => void)[] = [];
  async function publish(): Promise<void> {
    const topic = topics.fleetTimestamp;
    if (!mqtt.connected) return;
    try {
      await mqtt.publish(topic, trust.timestampBytes(), { qos: 1, retain: true });
    } catch (error) {
      log.event('publish-postponed', { topic, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return {
    start() {
      stops.push(
        mqtt.onConnected(() => void publish()),
        trust.onChange(() => void publish()),
      );
    },
    stop() {
      for (const stop of stops.splice(0)) stop();
    },
    refresh: () => trust.refreshTimestamp(),
  };
}
