import Type, { type Static } from 'typebox';
import { AeTitle, Path, Port, strict } from '../common.ts';

const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' });

export const ClientTls = strict({ ca: Path, certificate: Type.Optional(Path), key: Type.Optional(Path) });

const Retry = strict(
  {
    first_s: Type.Number({ exclusiveMinimum: 0, default: 1 }),
    most_s: Type.Number({ exclusiveMinimum: 0, default: 300 }),
  },
  { default: {} },
);

/** Storage commitment (PS3.4 Annex J) is asked for what was sent, where this section is there. */
const Commitment = strict({
  wait_s: Type.Number({ exclusiveMinimum: 0, default: 600 }),
  requests_max: Type.Integer({ minimum: 1, maximum: 1000, default: 20 }),
  resends_max: Type.Integer({ minimum: 0, maximum: 100, default: 3 }),
});

const DimseDestination = strict({
  name: Name,
  kind: Type.Literal('dimse'),
  ae_title: AeTitle,
  host: Type.String({ minLength: 1 }),
  port: Port,
  tls: Type.Optional(ClientTls),
  user: Type.Optional(strict({ name: Type.String({ minLength: 1 }), passcode_file: Type.Optional(Path) })),
  association: strict(
    {
      idle_s: Type.Number({ minimum: 0, default: 5 }),
      objects_max: Type.Integer({ minimum: 1, maximum: 100_000, default: 500 }),
      in_flight_max: Type.Integer({ minimum: 1, maximum: 64, default: 8 }),
    },
    { default: {} },
  ),
  timeouts: strict(
    {
      connect_s: Type.Number({ exclusiveMinimum: 0, default: 10 }),
      response_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
    },
    { default: {} },
  ),
  retry: Retry,
  commitment: Type.Optional(Commitment),
});
export type DimseDestination = Static<typeof DimseDestination>;

const StowDestination = strict({
  name: Name,
  kind: Type.Literal('stow'),
  url: Type.String({ pattern: '^https?://[^\\s?#]+$' }),
  tls: Type.Optional(ClientTls),
  token_file: Type.Optional(Path),
  basic: Type.Optional(strict({ name: Type.String({ pattern: '^[^:]+$' }), password_file: Path })),
  request_objects_max: Type.Integer({ minimum: 1, maximum: 64, default: 1 }),
  timeouts: strict(
    {
      connect_s: Type.Number({ exclusiveMinimum: 0, default: 10 }),
      response_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
    },
    { default: {} },
  ),
  retry: Retry,
});
export type StowDestination = Static<typeof StowDestination>;

/** Where results go. */
export const Destination = Type.Union([DimseDestination, StowDestination]);
export type Destination = Static<typeof Destination>;

/** Requests of others to commit what they sent: refused, or accepted and answered when a destination has committed. */
export const StorageCommitment = Type.Union(
  [
    Type.Literal('refuse'),
    strict({
      after_pacs: Type.String(),
      open_max: Type.Integer({ minimum: 1, maximum: 10_000, default: 100 }),
      give_up_s: Type.Number({ exclusiveMinimum: 0, default: 86_400 }),
    }),
  ],
  { default: 'refuse' },
);

/** Where a source takes the reports on what it asked us to commit. */
export const CommitmentAddress = strict({ host: Type.String({ minLength: 1 }), port: Port });
