import Type, { type Static } from 'typebox';
import { DeviceId, ReleaseName, ReleaseRef, SemanticVersion, Sha256, strict, Timestamp } from './common.ts';
import { chunkBytesMax } from './release.ts';
import { validator } from './validate.ts';

/** What happens to a release on a device, in the order of the folders of edge-agent/src/model. */
export const ModelPhase = Type.Enum(['announced', 'fetching', 'verified', 'staged', 'active', 'refused', 'withdrawn']);
export type ModelPhase = Static<typeof ModelPhase>;

const DeviceRelease = strict({
  name: ReleaseName,
  active: Type.Union([ReleaseRef, Type.Null()]),
  assigned: Type.Union([ReleaseRef, Type.Null()]),
  phase: ModelPhase,
  stale: Type.Boolean(),
  reason: Type.Optional(Type.String()),
});
export type DeviceRelease = Static<typeof DeviceRelease>;

/** `devices/<id>/state`, retained: birth, and death by last will (`online: false`). */
export const DeviceState = strict({
  schema: Type.Literal('collimator.state/1'),
  device: DeviceId,
  online: Type.Boolean(),
  at: Timestamp,
  boot: Type.String(),
  agent_version: Type.Optional(SemanticVersion),
  releases: Type.Array(DeviceRelease, { maxItems: 256 }),
});
export type DeviceState = Static<typeof DeviceState>;

const Quantiles = strict({ count: Type.Integer(), p50: Type.Number(), p95: Type.Number(), max: Type.Number() });

/** `devices/<id>/telemetry`, QoS 0. Counts since boot; latencies in milliseconds over the last studies. */
export const Telemetry = strict({
  schema: Type.Literal('collimator.telemetry/1'),
  device: DeviceId,
  at: Timestamp,
  boot: Type.String(),
  uptime_s: Type.Number({ minimum: 0 }),
  instances: strict({ received: Type.Integer(), rejected: Type.Integer(), quarantined: Type.Integer() }),
  jobs: strict({
    queued: Type.Integer(),
    running: Type.Integer(),
    inferred: Type.Integer(),
    failed: Type.Integer(),
  }),
  deliveries: strict({ pending: Type.Integer(), delivered: Type.Integer(), failed: Type.Integer() }),
  latencies_ms: Type.Record(Type.String(), Quantiles),
});
export type Telemetry = Static<typeof Telemetry>;

/** One entry of `devices/<id>/events`: what was done with an assignment. QoS 1, acknowledged by sequence number. */
export const DeviceEvent = strict({
  schema: Type.Literal('collimator.event/1'),
  device: DeviceId,
  seq: Type.Integer({ minimum: 1 }),
  at: Timestamp,
  release: ReleaseRef,
  assignment: Type.Integer({ minimum: 0 }),
  phase: ModelPhase,
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String({ maxLength: 1024 })),
});
export type DeviceEvent = Static<typeof DeviceEvent>;

/** `devices/<id>/acks`: every event up to and including `through_seq` is on the hub's disk. */
export const EventAck = strict({ schema: Type.Literal('collimator.ack/1'), through_seq: Type.Integer({ minimum: 0 }) });
export type EventAck = Static<typeof EventAck>;

export const Signature = strict({ keyid: Sha256, sig: Type.String({ pattern: '^[0-9a-f]{2,}$' }) });

/** What the director tells one device to run. `serial` only grows per device and release name. */
export const Assignment = strict({
  _type: Type.Literal('assignment'),
  spec_version: Type.Literal('1'),
  device: DeviceId,
  serial: Type.Integer({ minimum: 1 }),
  release: ReleaseRef,
  issued: Timestamp,
  expires: Timestamp,
});
export type Assignment = Static<typeof Assignment>;

/** `devices/<id>/assignments/<release name>`, retained: signed by the director key over canonical JSON. */
export const SignedAssignment = strict({
  signed: Assignment,
  signatures: Type.Array(Signature, { minItems: 1, maxItems: 16 }),
});
export type SignedAssignment = Static<typeof SignedAssignment>;

/**
 * `chunks/<id>/request`: byte ranges of content-addressed objects, at most the window at once.
 * `encoding` is the one the release's file list gives; a range of TUF metadata travels as it is.
 */
export const ChunkRequest = strict({
  schema: Type.Literal('collimator.chunks/1'),
  want: Type.Array(
    Type.Union([
      strict({
        sha256: Sha256,
        offset: Type.Integer({ minimum: 0 }),
        length: Type.Integer({ minimum: 1, maximum: chunkBytesMax }),
      }),
      strict({ root: Type.Integer({ minimum: 1 }) }),
    ]),
    { minItems: 1, maxItems: 64 },
  ),
});
export type ChunkRequest = Static<typeof ChunkRequest>;

export const deviceState = validator(DeviceState);
export const telemetry = validator(Telemetry);
export const deviceEvent = validator(DeviceEvent);
export const eventAck = validator(EventAck);
export const signedAssignment = validator(SignedAssignment);
export const chunkRequest = validator(ChunkRequest);
