import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { AgentStatus, Readiness } from '@collimator/shared/contracts/local-api';
import type { HubLink } from '../link/hub-link.ts';
import type { Identity } from '../link/identity.ts';
import type { DeviceFacts } from '../link/state-publisher.ts';
import type { MachineWatch } from '../observe/machine-watch.ts';
import type { Ways } from '../ways.ts';

export type StatusParts = {
  readonly config: AgentConfig;
  readonly identity: Identity;
  readonly facts: DeviceFacts;
  readonly startedAt: Date;
  readonly uptime_s: number;
  readonly readiness: Readiness;
  readonly hub: ReturnType<HubLink['status']>;
  readonly ways: Ways;
  readonly machine: MachineWatch;
  readonly listen: readonly { readonly host: string; readonly port: number }[];
  readonly associations: number;
};

/** The answer of `GET /v1/status`, put together from the parts that know. */
export function statusOf(parts: StatusParts): AgentStatus {
  const { config, identity, facts, hub, ways, machine } = parts;
  return {
    device: {
      id: facts.deviceId,
      labels: config.device.labels,
      agent_version: facts.agentVersion,
      boot: facts.boot,
      started_at: parts.startedAt.toISOString(),
      uptime_s: parts.uptime_s,
      certificate_expires_at: identity.validTo.toISOString(),
    },
    readiness: parts.readiness,
    hub: {
      connected: hub.connected,
      since: hub.since,
      reconnects: hub.reconnects,
      events_pending: hub.eventsPending,
      ...(hub.reason !== undefined && { reason: hub.reason }),
    },
    releases: [...ways.model.releases()],
    dicom: { ae_title: config.dicom.ae_title, listen: [...parts.listen], associations: parts.associations },
    ...ways.study.counts(),
    studies: { held: ways.study.heldStudies() },
    latencies_ms: ways.study.latencies(),
    devices: [...ways.study.devices()],
    disk: machine.disk(),
    host: machine.host() ?? null,
    gpus: machine.gpus().map(({ index, uuid, name }) => ({ index, uuid, name })),
  };
}
