import Type, { type Static } from 'typebox';
import { Assembly } from './agent-config/assembly.ts';
import { Conflicts, Quarantine, Retention } from './agent-config/receive-policy.ts';
import {
  DicomLimits,
  DicomListen,
  DicomSource,
  PrivateSopClasses,
  TransferSyntaxOrder,
} from './agent-config/dicom-node.ts';
import { routeResults } from './agent-config/route-results.ts';
import { RouteName, RouteSelect } from './agent-config/route-select.ts';
import { Destination, StorageCommitment } from './agent-config/destinations.ts';
import { LocalApi } from './agent-config/local-api.ts';
import { AeTitle, DeviceId, LogConfig, Path, ReleaseName, strict } from './common.ts';
import { validator } from './validate.ts';

const Disk = strict(
  {
    high_watermark: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.85 }),
    stop_watermark: Type.Number({ exclusiveMinimum: 0, maximum: 1, default: 0.95 }),
    keep_hours_min: Type.Number({ minimum: 0, default: 24 }),
    congestion_watermark: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1 })),
  },
  { default: {} },
);

export type { Destination, DimseDestination, StowDestination } from './agent-config/destinations.ts';

export { type KeyImages, type ReportKind, ResultObject, type SegmentationKind } from './agent-config/route-results.ts';

const Route = strict({
  name: Type.Optional(RouteName),
  release: ReleaseName,
  select: RouteSelect,
  complete: Type.Enum(['study', 'series'], { default: 'study' }),
  destinations: Type.Array(Type.String(), { minItems: 1 }),
  ...routeResults,
  /** Whether a study that no release takes gets a report that says so. A node that is sent everything would answer everything. */
  unmatched: Type.Enum(['report', 'ignore'], { default: 'ignore' }),
});
export type Route = Static<typeof Route>;

/** Threads that decode and preprocess beside each process of a device; when absent, see infer/devices.ts of the agent. */
const decode_threads = Type.Optional(Type.Integer({ minimum: 1, maximum: 64 }));

/** A device of the balance. `gpu` is a UUID as nvidia-smi prints it; a CPU device takes N threads. */
const InferenceDevice = Type.Union([
  strict({ cpu: strict({ threads: Type.Integer({ minimum: 1, maximum: 256 }) }), decode_threads }),
  strict({
    gpu: Type.String({ pattern: '^GPU-[0-9a-fA-F-]{36}$' }),
    workers: Type.Integer({ minimum: 1, maximum: 8, default: 1 }),
    decode_threads,
  }),
]);
export type InferenceDevice = Static<typeof InferenceDevice>;

export const AgentConfig = strict({
  device: strict({
    serial: DeviceId,
    labels: Type.Record(Type.String(), Type.String(), { default: {} }),
  }),
  data: Path,
  hub: strict({ url: Type.String({ pattern: '^https://' }), extra_ca: Type.Optional(Type.Union([Type.Null(), Path])) }),
  dicom: strict({
    ae_title: AeTitle,
    listen: Type.Array(DicomListen, { minItems: 1 }),
    sources: Type.Array(DicomSource),
    limits: DicomLimits,
    private_sop_classes: PrivateSopClasses,
    transfer_syntaxes: TransferSyntaxOrder,
    disk: Disk,
    conflicts: Conflicts,
    quarantine: Quarantine,
    storage_commitment: StorageCommitment,
    retention: Retention,
  }),
  assembly: Assembly,
  destinations: Type.Array(Destination),
  routes: Type.Array(Route),
  devices: Type.Union([Type.Literal('auto'), Type.Array(InferenceDevice, { minItems: 1 })], { default: 'auto' }),
  local_api: LocalApi,
  log: LogConfig,
});
export type AgentConfig = Static<typeof AgentConfig>;

export const agentConfig = validator(AgentConfig);
