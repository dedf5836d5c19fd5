import Type, { type Static } from 'typebox';
import { LogConfig, Path, Port, strict } from './common.ts';
import { validator } from './validate.ts';

const ServerTls = strict({ certificate: Path, key: Path });

const Broker = Type.Union([
  strict({
    kind: Type.Literal('embedded'),
    host: Type.String({ default: '0.0.0.0' }),
    port: Port,
    public_url: Type.Optional(Type.String({ pattern: '^mqtts://' })),
  }),
  strict({ kind: Type.Literal('external'), url: Type.String({ pattern: '^mqtts://' }) }),
]);

const Launcher = strict({
  name: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' }),
  kind: Type.Literal('local'),
  parallel_max: Type.Integer({ minimum: 1, maximum: 64, default: 1 }),
});

export const HubConfig = strict({
  data: Path,
  http: strict({
    host: Type.String({ default: '0.0.0.0' }),
    port: Port,
    tls: ServerTls,
    public_url: Type.Optional(Type.String({ pattern: '^https://' })),
  }),
  broker: Broker,
  authority: strict({
    root: Path,
    certificate: Path,
    key: Path,
    device_certificate_days: Type.Integer({ minimum: 1, maximum: 825, default: 90 }),
    renew_after_days: Type.Integer({ minimum: 1, maximum: 825, default: 30 }),
  }),
  trust: strict({ repository: Path, snapshot_key: Path, timestamp_key: Path, director_key: Path }),
  operators: strict({ token_file: Path }),
  datasets: Type.Array(Path, { default: [] }),
  training: strict({ launchers: Type.Array(Launcher, { minItems: 1 }) }),
  telemetry: strict({ keep_raw_hours: Type.Number({ exclusiveMinimum: 0, default: 24 }) }, { default: {} }),
  log: LogConfig,
});
export type HubConfig = Static<typeof HubConfig>;

export const hubConfig = validator(HubConfig);
