import Type from 'typebox';
import { AeTitle, Path, Port, strict } from '../common.ts';
import { CommitmentAddress } from './destinations.ts';

const Uid = Type.String({ pattern: '^[0-9]+(\\.[0-9]+)*$', maxLength: 64 });

/** PS3.15 B.12: both sides show a certificate, unless it is said that senders need none. */
const ServerTls = strict({
  certificate: Path,
  key: Path,
  client_ca: Type.Optional(Path),
  anonymous_clients: Type.Boolean({ default: false }),
});

export const DicomListen = strict({
  host: Type.String({ default: '0.0.0.0' }),
  port: Port,
  tls: Type.Optional(ServerTls),
});

/** Who may send: nobody who is not listed. */
export const DicomSource = strict({
  ae_title: AeTitle,
  address: Type.String({ minLength: 1, description: 'an address or a CIDR block' }),
  called: Type.Array(AeTitle, { minItems: 1 }),
  associations: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
  user: Type.Optional(strict({ name: Type.String({ minLength: 1 }), passcode_file: Type.Optional(Path) })),
  commitment: Type.Optional(CommitmentAddress),
});

export const DicomLimits = strict(
  {
    associations: Type.Integer({ minimum: 1, maximum: 1024, default: 64 }),
    per_source: Type.Integer({ minimum: 1, maximum: 1024, default: 16 }),
    association_wait_s: Type.Number({ minimum: 0, default: 0 }),
    async_operations: Type.Integer({ minimum: 1, maximum: 64, default: 8 }),
    connections: Type.Integer({ minimum: 1, maximum: 8192, default: 256 }),
    waiting_per_address: Type.Integer({ minimum: 1, maximum: 8192, default: 32 }),
    artim_s: Type.Number({ exclusiveMinimum: 0, default: 10 }),
    idle_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
    progress_bytes_per_s_min: Type.Integer({ minimum: 0, default: 1024 }),
    progress_window_s: Type.Number({ exclusiveMinimum: 0, default: 30 }),
    pdu_bytes: Type.Integer({ minimum: 4096, maximum: 1_048_576, default: 131_072 }),
    /** What comes on top of a week's work is better kept by its sender. */
    congestion_jobs: Type.Integer({ minimum: 1, default: 50_000 }),
    /** Twice what is kept free for what is arriving already, and never less than that. */
    congestion_free_bytes: Type.Integer({ minimum: 1_073_741_824, default: 2_147_483_648 }),
  },
  { default: {} },
);

/** Storage SOP classes besides those of the standard. */
export const PrivateSopClasses = Type.Array(Uid, { default: [], uniqueItems: true });

/** Which transfer syntax is chosen where a sender proposes several for one class. */
export const TransferSyntaxOrder = Type.Array(Uid, { default: [], uniqueItems: true });
