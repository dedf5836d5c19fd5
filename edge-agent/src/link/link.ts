import { topics } from '@collimator/shared/contracts/topics';
import { connectMqtt } from '@collimator/shared/link/mqtt-client';
import type { MqttConnection } from '@collimator/shared/link/mqtt-client';
import type { Log } from '@collimator/shared/observe/log';
import { certificateProblem, type Identity } from './identity.ts';
import { type DeviceFacts, stateOf } from './state-publisher.ts';

/** What the local API and the metrics say about the hub. */
export type LinkStatus = {
  readonly connected: boolean;
  /** Since when it is as it is, ISO 8601. */
  readonly since: string;
  readonly reconnects: number;
  /** Why there is no connection: what the broker, the network or the certificate said. */
  readonly reason?: string;
};

export interface Link {
  readonly mqtt: MqttConnection;
  status(): LinkStatus;
  close(): Promise<void>;
}

export type LinkDeps = {
  readonly identity: Identity;
  readonly facts: DeviceFacts;
  readonly now: () => Date;
  readonly log: Log;
  readonly reconnect_ms?: number;
};

/**
 * The connection to the hub's broker: mutual TLS, and a last will that marks this device offline.
 * Returns at once. Without a hub it goes on trying, and nothing else waits for it.
 */
export function openLink({ identity, facts, now, log, reconnect_ms }: LinkDeps): Link {
  let connected = false;
  let since = now();
  let reason: string | undefined;
  let connections = 0;

  const expired = certificateProblem(identity, now());
  if (expired !== undefined) {
    log.event('link-certificate-expired', {
      code: expired.code,
      valid_from: identity.validFrom.toISOString(),
      valid_to: identity.validTo.toISOString(),
    });
  }

  const mqtt = connectMqtt({
    url: identity.brokerUrl,
    clientId: identity.deviceId,
    ca: identity.ca,
    certificate: identity.certificate,
    key: identity.key,
    // The hub keeps the releases of the last living state; a will written at start-up could only be wrong about them.
    will: { topic: topics.state(identity.deviceId), payload: JSON.stringify(stateOf(facts, false, [], now())) },
    ...(reconnect_ms !== undefined && { reconnectMs: reconnect_ms }),
    onChange(nowConnected, why) {
      // Each failed attempt reports a loss; only the first of a row is news.
      const told = connected !== nowConnected || reason !== why;
      if (connected !== nowConnected) since = now();
      connected = nowConnected;
      reason = nowConnected ? undefined : why;
      if (nowConnected) connections += 1;
      if (nowConnected) log.event('link-up');
      else if (told) log.event('link-lost', { reason: why ?? 'the connection was closed' });
    },
  });

  return {
    mqtt,
    status() {
      const why = connected ? undefined : (certificateProblem(identity, now())?.message ?? reason);
      return {
        connected,
        since: since.toISOString(),
        reconnects: Math.max(0, connections - 1),
        ...(why !== undefined && { reason: why }),
      };
    },
    close: () => mqtt.close(),
  };
}
