import Type from 'typebox';
import { AeTitle, Path, ReleaseName, strict } from '../common.ts';

/** The whole local API over https. With `client_ca` callers may show a certificate; those of STOW-RS may have to. */
const LocalApiTls = strict({ certificate: Path, key: Path, client_ca: Type.Optional(Path) });

/** Who may post objects. A source must meet everything that is said of it; at least one of the two last things is. */
const StowSource = strict({
  /** What an AE title is to a C-STORE: routes, rules and the audit log know the sender by it. */
  name: AeTitle,
  address: Type.String({ minLength: 1 }),
  token_file: Type.Optional(Path),
  certificate_name: Type.Optional(Type.String({ minLength: 1 })),
  requests: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
});

/** STOW-RS (PS3.18 §10.5). Silence and slowness are judged as `dicom.limits` says. */
const Stow = strict(
  {
    enabled: Type.Boolean({ default: false }),
    sources: Type.Array(StowSource, { default: [] }),
    limits: strict(
      {
        requests: Type.Integer({ minimum: 1, maximum: 1024, default: 16 }),
        per_source: Type.Integer({ minimum: 1, maximum: 1024, default: 8 }),
        request_bytes: Type.Integer({ minimum: 1, default: 17_179_869_184 }),
        parts: Type.Integer({ minimum: 1, maximum: 100_000, default: 5_000 }),
        part_header_bytes: Type.Integer({ minimum: 128, maximum: 65_536, default: 4_096 }),
      },
      { default: {} },
    ),
  },
  { default: {} },
);

/**
 * A program that asks for inference. It must meet everything that is said of it; at least one of `token_file` and
 * `certificate_name` is, or `without_proof` on this machine.
 */
const InferenceProgram = strict({
  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' }),
  address: Type.String({ minLength: 1 }),
  token_file: Type.Optional(Path),
  certificate_name: Type.Optional(Type.String({ minLength: 1 })),
  without_proof: Type.Boolean({ default: false }),
  priorities: Type.Array(Type.Enum(['stat', 'urgent', 'routine', 'background']), {
    minItems: 1,
    maxItems: 4,
    default: ['routine'],
  }),
  releases: Type.Optional(Type.Array(ReleaseName, { minItems: 1 })),
  requests: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024 })),
});

/** The Open Inference Protocol (KServe v2). Silence and slowness are judged as `dicom.limits` says. */
const Inference = strict(
  {
    enabled: Type.Boolean({ default: false }),
    programs: Type.Array(InferenceProgram, { default: [] }),
    limits: strict(
      {
        requests: Type.Integer({ minimum: 1, maximum: 1024, default: 32 }),
        per_program: Type.Integer({ minimum: 1, maximum: 1024, default: 16 }),
        request_bytes: Type.Integer({ minimum: 1, maximum: 2_147_483_647, default: 67_108_864 }),
        json_bytes: Type.Integer({ minimum: 1, maximum: 67_108_864, default: 16_777_216 }),
        bytes: Type.Integer({ minimum: 1, default: 268_435_456 }),
        answer_s: Type.Number({ exclusiveMinimum: 0, default: 60 }),
      },
      { default: {} },
    ),
  },
  { default: {} },
);

export const LocalApi = strict(
  {
    host: Type.String({ default: '127.0.0.1' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
    connections: Type.Integer({ minimum: 1, maximum: 8192, default: 256 }),
    tls: Type.Optional(LocalApiTls),
    stow: Stow,
    inference: Inference,
  },
  { default: {} },
);
