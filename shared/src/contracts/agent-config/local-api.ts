import Type from 'typebox';
import { AeTitle, Path, strict } from '../common.ts';

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

export const LocalApi = strict(
  {
    host: Type.String({ default: '127.0.0.1' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080 }),
    connections: Type.Integer({ minimum: 1, maximum: 8192, default: 256 }),
    tls: Type.Optional(LocalApiTls),
    stow: Stow,
  },
  { default: {} },
);
