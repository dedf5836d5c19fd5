import Type, { type Static } from 'typebox';
import { DeviceId, PriorityName, SemanticVersion, strict, Timestamp } from './common.ts';
import { DeviceState, Telemetry } from './messages.ts';
import { validator } from './validate.ts';

/** `GET /readyz` of the appliance: ready when it may acknowledge images; otherwise every reason at once. */
export const Readiness = strict({ ready: Type.Boolean(), reasons: Type.Array(Type.String()) });
export type Readiness = Static<typeof Readiness>;

const Gpu = strict({ index: Type.Integer(), uuid: Type.String(), name: Type.String() });

/** A device of the balance. Ready: it has a warm process with at least one release. */
export const DeviceStatus = strict({
  name: Type.String(),
  kind: Type.String(),
  ready: Type.Boolean(),
  state: Type.Enum(['starting', 'ready', 'draining', 'failed']),
  /** Why it is not ready, or not with all its releases. */
  reason: Type.Optional(Type.String()),
  /** What computes: `cpu`, `cuda`, `tensorrt`; empty while nothing is loaded. */
  provider: Type.String(),
  workers: Type.Integer(),
  releases: Type.Array(strict({ name: Type.String(), version: Type.String() })),
  /** What its workers are at. `job` is missing for a request of another program. */
  running: Type.Array(
    strict({
      job: Type.Optional(Type.Integer()),
      task: Type.String(),
      items: Type.Integer(),
      release: Type.String(),
    }),
  ),
  /** Since the start: pieces of jobs, and the items (slices, windows) in them. */
  tasks: Type.Integer(),
  items: Type.Integer(),
  busy_s: Type.Number(),
  /** How long an item took of late. */
  speeds: Type.Array(strict({ release: Type.String(), version: Type.String(), item_ms: Type.Number() })),
});
export type DeviceStatus = Static<typeof DeviceStatus>;

/** `GET /v1/status` of the appliance: all that a person on site needs to see what it does. */
export const AgentStatus = strict({
  device: strict({
    id: DeviceId,
    labels: Type.Record(Type.String(), Type.String()),
    agent_version: SemanticVersion,
    boot: Type.String(),
    started_at: Timestamp,
    uptime_s: Type.Number(),
    certificate_expires_at: Timestamp,
  }),
  readiness: Readiness,
  hub: strict({
    connected: Type.Boolean(),
    since: Timestamp,
    reconnects: Type.Integer(),
    reason: Type.Optional(Type.String()),
    /** Events that the hub has not acknowledged. */
    events_pending: Type.Integer(),
  }),
  releases: DeviceState.properties.releases,
  dicom: strict({
    ae_title: Type.String(),
    listen: Type.Array(strict({ host: Type.String(), port: Type.Integer() })),
    associations: Type.Integer(),
  }),
  instances: Telemetry.properties.instances,
  jobs: Telemetry.properties.jobs,
  deliveries: Telemetry.properties.deliveries,
  /** Held: nothing is made of them before a person has decided. */
  studies: strict({ held: Type.Integer() }),
  latencies_ms: Telemetry.properties.latencies_ms,
  devices: Type.Array(DeviceStatus),
  disk: strict({ bytes_total: Type.Integer(), bytes_free: Type.Integer(), used: Type.Number() }),
  host: Type.Union([
    Type.Null(),
    strict({
      cpu: Type.String(),
      cores: Type.Integer(),
      os: Type.String(),
      memory_bytes_total: Type.Integer(),
      memory_bytes_available: Type.Integer(),
      cpu_load: Type.Number(),
    }),
  ]),
  gpus: Type.Array(Gpu),
});
export type AgentStatus = Static<typeof AgentStatus>;

/**
 * One study in `GET /v1/studies`, newest first. The key is the appliance's own: who is in the study is the PACS's to
 * tell, and the local API has no login yet.
 */
export const StudySummary = strict({
  key: Type.String(),
  revision: Type.Integer(),
  state: Type.String(),
  instances: Type.Integer(),
  /** Images that came too late and were left out. */
  late_ignored: Type.Integer(),
  last_instance_at: Timestamp,
  /** What holds it, oldest first; `cause` is an internal key such as `quarantine 12`. */
  holds: Type.Array(strict({ kind: Type.String(), cause: Type.String(), detail: Type.String(), since: Timestamp })),
  /** What each route decided when the study was last complete: series taken, series left, and why. */
  routes: Type.Array(
    strict({
      route: Type.String(),
      selected: Type.Integer(),
      not_selected: Type.Integer(),
      reasons: Type.Array(Type.String()),
    }),
  ),
  jobs: Type.Array(
    strict({
      release: Type.String(),
      version: Type.String(),
      state: Type.String(),
      code: Type.Optional(Type.String()),
      /** What became of the priors that its release asks for. */
      priors: Type.Optional(
        strict({
          /** asking, fetching or over. */
          state: Type.String(),
          /** found, none, late, failed or unknown. */
          outcome: Type.Optional(Type.String()),
          code: Type.Optional(Type.String()),
          /** Studies that the PACS named, those of them that are not surely of the same patient, and those that it was given. */
          listed: Type.Integer(),
          other_patient: Type.Integer(),
          given: Type.Integer(),
        }),
      ),
    }),
  ),
  deliveries: Type.Array(
    strict({
      destination: Type.String(),
      object: Type.String(),
      state: Type.String(),
      attempts: Type.Integer(),
      /** The status of the last C-STORE-RSP, or the FailureReason of STOW-RS. */
      dimse_status: Type.Optional(Type.Integer()),
      /** The destination's own words, UIDs left out. */
      comment: Type.Optional(Type.String()),
      class: Type.Optional(Type.String()),
      code: Type.Optional(Type.String()),
      detail: Type.Optional(Type.String()),
      next_attempt_at: Type.Optional(Timestamp),
      sent_at: Type.Optional(Timestamp),
      /** Storage commitment: wanted, asked, committed or failed. */
      commitment: Type.Optional(Type.String()),
      commitment_reason: Type.Optional(Type.Integer()),
    }),
  ),
});
export type StudySummary = Static<typeof StudySummary>;

export const StudyList = strict({ studies: Type.Array(StudySummary) });
export type StudyList = Static<typeof StudyList>;

/** `GET /v1/studies/:key/routing`: why each route took each series of a study or left it, newest revision first. */
export const StudyRouting = strict({
  key: Type.String(),
  state: Type.String(),
  revisions: Type.Array(
    strict({
      number: Type.Integer(),
      completed_at: Timestamp,
      /** Releases that routes name and none of which is active yet. */
      waiting_for: Type.Array(Type.String()),
      decisions: Type.Array(
        strict({
          route: Type.String(),
          release: Type.String(),
          series: Type.Integer(),
          selected: Type.Boolean(),
          reasons: Type.Array(Type.String()),
        }),
      ),
    }),
  ),
});
export type StudyRouting = Static<typeof StudyRouting>;

export const agentStatus = validator(AgentStatus);
export const studyList = validator(StudyList);
export const studySummary = validator(StudySummary);
export const studyRouting = validator(StudyRouting);

/** `POST /v1/studies/KEY/retry`: how much was taken up again. */
export const Retried = strict({ deliveries: Type.Integer(), commitments: Type.Integer(), jobs: Type.Integer() });
export type Retried = Static<typeof Retried>;
export const retried = validator(Retried);

/** `POST /v1/studies/KEY/prioritize`: the class that its queued jobs get, and how many those were. */
export const Prioritize = strict({ priority: PriorityName });
export type Prioritize = Static<typeof Prioritize>;
export const Prioritized = strict({ jobs: Type.Integer() });
export type Prioritized = Static<typeof Prioritized>;
export const prioritized = validator(Prioritized);
