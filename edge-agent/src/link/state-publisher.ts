import type { DeviceRelease, DeviceState } from '@collimator/shared/contracts/messages';
import { topics } from '@collimator/shared/contracts/topics';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import { codeOf } from '../observe/code-of.ts';

export type DeviceFacts = {
  readonly deviceId: string;
  /** Random per start of the agent, so that the hub tells a restart from a reconnect. */
  readonly boot: string;
  readonly agentVersion: string;
};

export interface StatePublisher {
  start(): void;
  /** The releases have changed: the retained state follows. */
  changed(): void;
  /** Says goodbye, so that the hub does not wait for the last will. */
  stop(): Promise<void>;
}

export type StatePublisherDeps = DeviceFacts & {
  readonly mqtt: MqttPort;
  readonly releases: () => readonly DeviceRelease[];
  readonly now: () => Date;
  readonly log: Log;
};

export function stateOf(
  facts: DeviceFacts,
  online: boolean,
  releases: readonly DeviceRelease[],
  at: Date,
): DeviceState & { readonly releases: DeviceRelease[] } {
  return {
    schema: 'collimator.state/1',
    device: facts.deviceId,
    online,
    at: at.toISOString(),
    boot: facts.boot,
    agent_version: facts.agentVersion,
    releases: [...releases],
  };
}

/** Keeps the retained state of this device true: at each connection, at each change, and at the end. */
export function createStatePublisher(deps: StatePublisherDeps): StatePublisher {
  const { mqtt, log } = deps;
  let stopListening: (() => void) | undefined;
  let publishing = false;
  let again = false;

  const send = (online: boolean) =>
    mqtt.publish(topics.state(deps.deviceId), JSON.stringify(stateOf(deps, online, deps.releases(), deps.now())), {
      qos: 1,
      retain: true,
    });

  /** One at a time and always the newest: two states under way could arrive in either order after a reconnect. */
  async function publish(): Promise<void> {
    if (publishing) {
      again = true;
      return;
    }
    publishing = true;
    do {
      again = false;
      try {
        if (mqtt.connected) await send(true);
      } catch (error) {
        log.event('link-publish-failed', { kind: 'state', code: codeOf(error) });
      }
    } while (again);
    publishing = false;
  }

  return {
    start() {
      stopListening = mqtt.onConnected(() => void publish());
    },
    changed: () => void publish(),
    async stop() {
      stopListening?.();
      if (!mqtt.connected) return;
      try {
        await send(false);
      } catch (error) {
        log.event('link-publish-failed', { kind: 'state', code: codeOf(error) });
      }
    },
  };
}
