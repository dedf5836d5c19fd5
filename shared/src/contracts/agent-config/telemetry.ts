import Type from 'typebox';
import { Path, strict } from '../common.ts';

/** Where traces of studies go: the OTLP/HTTP address of a collector, as `https://collector.example.org:4318/v1/traces`. */
const Traces = strict({
  endpoint: Type.String({ pattern: '^https?://[^\\s]+$' }),
  sample_ratio: Type.Number({ minimum: 0, maximum: 1, default: 1 }),
  headers_file: Type.Optional(Path),
  ca: Type.Optional(Path),
});

/** What the appliance tells others of its work, beside `/metrics`. */
export const Telemetry = strict({ traces: Type.Optional(Traces) }, { default: {} });
