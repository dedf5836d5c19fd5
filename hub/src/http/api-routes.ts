import {
  DeviceSummary,
  EnrolRequest,
  EnrolResponse,
  ModelSummary,
  RolloutRequest,
  RolloutSummary,
  RunRequest,
  RunSummary,
  TargetsDraft,
  TargetsSubmission,
  TokenRequest,
  TokenResponse,
} from '@collimator/shared/contracts/http-api';
import { DeviceId, Sha256, strict, Timestamp } from '@collimator/shared/contracts/common';
import Type, { type TSchema } from 'typebox';

/** What a route takes and gives. `ok` is absent where the answer is not JSON. */
export type ApiRoute = {
  readonly summary: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly ok?: TSchema;
  readonly status: number;
};

const id = (schema: TSchema) => strict({ id: schema });
const RunId = Type.String({ pattern: '^r-\\d{6,}$' });
const Count = (maximum: number) => Type.Integer({ minimum: 0, maximum });
const rolloutId = id(Type.String({ pattern: '^\\d{1,12}$' }));

const AuditRecord = strict({
  seq: Type.Integer(),
  at: Timestamp,
  actor: Type.String(),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
  previous: Sha256,
  sha256: Sha256,
});

/**
 * The whole interface of the hub under /v1: requests are checked against it before a handler sees them, the OpenAPI
 * document is made of it, and a route that is not listed here cannot be registered.
 */
export const apiRoutes: Readonly<Record<string, ApiRoute>> = {
  'POST /v1/tokens': { summary: 'Make a one-time enrolment token', body: TokenRequest, ok: TokenResponse, status: 201 },
  'POST /v1/enrol': {
    summary: 'Exchange a token and a certificate request for a certificate; the token is the credential',
    body: EnrolRequest,
    ok: EnrolResponse,
    status: 201,
  },
  'GET /v1/devices': { summary: 'All devices', ok: Type.Array(DeviceSummary), status: 200 },
  'GET /v1/devices/:id': { summary: 'One device', params: id(DeviceId), ok: DeviceSummary, status: 200 },
  'POST /v1/devices/:id/retire': {
    summary: 'End the identity of a device and its live session',
    params: id(DeviceId),
    ok: DeviceSummary,
    status: 200,
  },
  'GET /v1/audit': {
    summary: 'The audit log, oldest first; each record holds the digest of the one before it',
    query: strict({ after: Type.Optional(Count(Number.MAX_SAFE_INTEGER)), limit: Type.Optional(Count(1000)) }),
    ok: Type.Array(AuditRecord),
    status: 200,
  },
  'POST /v1/runs': { summary: 'Queue a training run', body: RunRequest, ok: RunSummary, status: 201 },
  'GET /v1/runs': { summary: 'All training runs, newest first', ok: Type.Array(RunSummary), status: 200 },
  'GET /v1/runs/:id': { summary: 'One training run', params: id(RunId), ok: RunSummary, status: 200 },
  'GET /v1/runs/:id/events': {
    summary: 'The run after each change, as server-sent events, to its end',
    params: id(RunId),
    status: 200,
  },
  'GET /v1/models': { summary: 'All registered releases', ok: Type.Array(ModelSummary), status: 200 },
  'GET /v1/trust/draft': {
    summary: 'The next targets metadata, unsigned, with one release added',
    query: strict({ add: Type.String({ pattern: '^[^@]+@[^@]+$' }) }),
    ok: TargetsDraft,
    status: 200,
  },
  'POST /v1/trust/targets': { summary: 'Publish signed targets metadata', body: TargetsSubmission, status: 204 },
  'GET /v1/trust/:file': {
    summary: 'A metadata file of the trust repository',
    params: strict({ file: Type.String({ pattern: '^[a-z0-9.]{1,64}$' }) }),
    status: 200,
  },
  'POST /v1/rollouts': {
    summary: 'Assign a signed release to devices',
    body: RolloutRequest,
    ok: RolloutSummary,
    status: 201,
  },
  'GET /v1/rollouts': {
    summary: 'The newest roll-outs first; of large ones only the latest, the others by their id',
    ok: Type.Array(RolloutSummary),
    status: 200,
  },
  'GET /v1/rollouts/:id': {
    summary: 'One roll-out with the progress of each device',
    params: rolloutId,
    ok: RolloutSummary,
    status: 200,
  },
  'POST /v1/rollouts/:id/undo': {
    summary: 'Give each device of a roll-out the release it had before',
    params: rolloutId,
    ok: Type.Array(RolloutSummary),
    status: 201,
  },
  'GET /v1/chunks/:sha256': {
    summary: 'The bytes of a content-addressed object; Range requests are answered',
    params: strict({ sha256: Sha256 }),
    status: 200,
  },
};
