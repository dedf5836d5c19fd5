import Type, { type Static } from 'typebox';
import { DeviceId, ReleaseName, ReleaseRef, SemanticVersion, Sha256, strict, Timestamp } from './common.ts';
import { ModelPhase, Signature } from './messages.ts';
import { RunSpec } from './run-spec.ts';

/** `POST /v1/tokens` (operator). */
export const TokenRequest = strict({
  serial: DeviceId,
  expires_s: Type.Integer({ minimum: 1, maximum: 604_800, default: 86_400 }),
});
export type TokenRequest = Static<typeof TokenRequest>;
export const TokenResponse = strict({ serial: DeviceId, token: Type.String(), expires_at: Timestamp });
export type TokenResponse = Static<typeof TokenResponse>;

/** `POST /v1/enrol` (the token is the credential). */
export const EnrolRequest = strict({
  serial: DeviceId,
  token: Type.String({ minLength: 1, maxLength: 256 }),
  csr_pem: Type.String({ minLength: 1, maxLength: 16_384 }),
});
export type EnrolRequest = Static<typeof EnrolRequest>;
export const EnrolResponse = strict({
  device: DeviceId,
  certificate_pem: Type.String(),
  ca_pem: Type.String(),
  broker_url: Type.String(),
  /** TUF root metadata, base64 of the exact bytes: the device's first trusted root. */
  trusted_root: Type.String(),
});
export type EnrolResponse = Static<typeof EnrolResponse>;

export const DeviceStatus = Type.Enum([
  'registered',
  'pending',
  'in-sync',
  'updating',
  'degraded',
  'silent',
  'retired',
]);
export const DeviceSummary = strict({
  id: DeviceId,
  status: DeviceStatus,
  online: Type.Boolean(),
  seen_at: Type.Union([Timestamp, Type.Null()]),
  active: Type.Array(ReleaseRef),
  assigned: Type.Array(ReleaseRef),
  jobs: Type.Record(Type.String(), Type.Integer()),
  latencies_ms: Type.Record(Type.String(), Type.Record(Type.String(), Type.Number())),
  last_event: Type.Union([
    Type.Null(),
    strict({
      phase: ModelPhase,
      at: Timestamp,
      code: Type.Optional(Type.String()),
      detail: Type.Optional(Type.String()),
    }),
  ]),
});
export type DeviceSummary = Static<typeof DeviceSummary>;

/** candidate: registered, not signed yet; signed: named by targets metadata. */
export const ModelSummary = strict({
  name: ReleaseName,
  version: SemanticVersion,
  sha256: Sha256,
  bytes: Type.Integer(),
  state: Type.Enum(['candidate', 'signed']),
  run: Type.String(),
  metrics: Type.Record(Type.String(), Type.Number()),
  created: Timestamp,
});
export type ModelSummary = Static<typeof ModelSummary>;

export const RunRequest = strict({ spec: RunSpec, release: Type.Unknown() });
export type RunRequest = Static<typeof RunRequest>;
export const RunSummary = strict({
  id: Type.String({ pattern: '^r-\\d{6,}$' }),
  experiment: Type.String(),
  state: Type.Enum(['queued', 'running', 'succeeded', 'failed']),
  engine: Type.String(),
  backend: Type.Union([Type.String(), Type.Null()]),
  step: Type.Integer(),
  steps_max: Type.Integer(),
  loss: Type.Union([Type.Number(), Type.Null()]),
  val_dice: Type.Union([Type.Number(), Type.Null()]),
  dice: Type.Union([Type.Number(), Type.Null()]),
  parity_max_abs_diff: Type.Union([Type.Number(), Type.Null()]),
  cpu_s: Type.Union([Type.Number(), Type.Null()]),
  release: Type.Union([ReleaseRef, Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  created: Timestamp,
});
export type RunSummary = Static<typeof RunSummary>;

/** `GET /v1/trust/draft?add=name@version`: the next targets metadata, unsigned, for the offline keys. */
export const TargetsDraft = strict({ signed: Type.Unknown() });
export type TargetsDraft = Static<typeof TargetsDraft>;
/** `POST /v1/trust/targets`: the same, signed by at least the threshold of targets keys. */
export const TargetsSubmission = strict({
  signed: Type.Unknown(),
  signatures: Type.Array(Signature, { minItems: 1, maxItems: 64 }),
});
export type TargetsSubmission = Static<typeof TargetsSubmission>;

export const RolloutRequest = strict({
  release: ReleaseName,
  version: SemanticVersion,
  devices: Type.Array(DeviceId, { minItems: 1, maxItems: 10_000 }),
});
export type RolloutRequest = Static<typeof RolloutRequest>;
export const RolloutSummary = strict({
  id: Type.Integer(),
  release: ReleaseRef,
  created: Timestamp,
  devices: Type.Array(
    strict({
      id: DeviceId,
      phase: Type.Union([ModelPhase, Type.Literal('pending')]),
      code: Type.Optional(Type.String()),
      detail: Type.Optional(Type.String()),
    }),
  ),
});
export type RolloutSummary = Static<typeof RolloutSummary>;

/** Every refused request answers with this body. */
export const ProblemResponse = strict({ code: Type.String(), message: Type.String(), remedy: Type.String() });
export type ProblemResponse = Static<typeof ProblemResponse>;
