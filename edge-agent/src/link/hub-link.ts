import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { Every } from '../timers.ts';
import { createEventSender } from './event-sender.ts';
import type { Identity } from './identity.ts';
import { type LinkStatus, openLink } from './link.ts';
import { createOutbox, type Report } from './outbox.ts';
import { createStatePublisher, type DeviceFacts } from './state-publisher.ts';
import { type Latencies, startTelemetry, type WorkCounts } from './telemetry.ts';

/** What goes to the hub by itself once the ways are built. */
export type HubLinkSources = {
  readonly releases: () => readonly DeviceRelease[];
  readonly counts: () => WorkCounts;
  readonly latencies: () => Latencies;
  readonly uptime_s: () => number;
};

export interface HubLink {
  readonly mqtt: MqttPort;
  report(entry: Report): Promise<void>;
  releasesChanged(): void;
  /** From here on the hub sees this device: state, telemetry and the events that are waiting. */
  start(sources: HubLinkSources): Promise<void>;
  status(): LinkStatus & { readonly eventsPending: number; readonly eventsRefused: number };
  /** Says goodbye and closes. What the hub has not acknowledged stays on the disk. */
  stop(): Promise<void>;
}

export type HubLinkDeps = {
  readonly identity: Identity;
  readonly facts: DeviceFacts;
  readonly store: Store;
  readonly every: Every;
  readonly now: () => Date;
  readonly log: Log;
  readonly reconnect_ms?: number;
  readonly telemetry_ms?: number;
};

/** Everything between this appliance and the hub. It connects at once and needs no hub for anything. */
export function createHubLink(deps: HubLinkDeps): HubLink {
  const { identity, facts, store, every, now, log } = deps;
  const { deviceId } = facts;
  const link = openLink({
    identity,
    facts,
    now,
    log,
    ...(deps.reconnect_ms !== undefined && { reconnect_ms: deps.reconnect_ms }),
  });
  const { mqtt } = link;
  const outbox = createOutbox({ store, deviceId, now, log });
  const sender = createEventSender({ mqtt, outbox, deviceId, log, every });
  let releases: () => readonly DeviceRelease[] = () => [];
  const state = createStatePublisher({ ...facts, mqtt, releases: () => releases(), now, log });
  let started = false;
  let stopTelemetry: () => void = () => undefined;

  return {
    mqtt,
    report: (entry) => sender.report(entry),
    releasesChanged() {
      // Before the start the releases are not known yet, and a state without them would be a lie.
      if (started) state.changed();
    },
    async start(sources) {
      releases = sources.releases;
      started = true;
      state.start();
      stopTelemetry = startTelemetry({
        ...sources,
        mqtt,
        deviceId,
        boot: facts.boot,
        now,
        every,
        log,
        ...(deps.telemetry_ms !== undefined && { interval_ms: deps.telemetry_ms }),
      });
      await sender.start();
    },
    status: () => ({ ...link.status(), eventsPending: outbox.size(), eventsRefused: outbox.refused() }),
    async stop() {
      stopTelemetry();
      sender.stop();
      if (started) await state.stop();
      await link.close();
    },
  };
}
