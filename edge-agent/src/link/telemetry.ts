import type { Telemetry } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { codeOf } from '../observe/code-of.ts';
import type { Every } from '../timers.ts';

/** What the study way counts; see `Telemetry`. */
export type WorkCounts = Pick<Telemetry, 'instances' | 'jobs' | 'deliveries'>;
export type Latencies = Telemetry['latencies_ms'];

export type TelemetryDeps = {
  readonly mqtt: MqttPort;
  readonly deviceId: string;
  readonly boot: string;
  readonly counts: () => WorkCounts;
  readonly latencies: () => Latencies;
  readonly uptime_s: () => number;
  readonly now: () => Date;
  readonly every: Every;
  readonly log: Log;
  readonly interval_ms?: number;
};

const intervalMsDefault = 10_000;

/** Sends the counts every so often and at each connection, QoS 0: only the latest matters, none is queued. */
export function startTelemetry(deps: TelemetryDeps): () => void {
  const { mqtt, log } = deps;
  const send = async (): Promise<void> => {
    if (!mqtt.connected) return;
    try {
      const message: Telemetry = {
        schema: 'collimator.telemetry/1',
        device: deps.deviceId,
        at: deps.now().toISOString(),
        boot: deps.boot,
        uptime_s: deps.uptime_s(),
        ...deps.counts(),
        latencies_ms: deps.latencies(),
      };
      await mqtt.publish(topics.telemetry(deps.deviceId), JSON.stringify(message));
    } catch (error) {
      log.event('telemetry-failed', { code: codeOf(error) });
    }
  };
  const stopListening = mqtt.onConnected(() => void send());
  const stopTicking = deps.every(deps.interval_ms ?? intervalMsDefault, () => void send());
  return () => {
    stopListening();
    stopTicking();
  };
}
