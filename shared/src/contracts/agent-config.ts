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
import { Devices } from './agent-config/devices.ts';
import { Inference } from './agent-config/inference.ts';
import { Destination, StorageCommitment } from './agent-config/destinations.ts';
import { LocalApi } from './agent-config/local-api.ts';
import { Telemetry } from './agent-config/telemetry.ts';
import { Priors } from './agent-config/priors.ts';
import { AeTitle, DeviceId, LogConfig, Path, PriorityName, ReleaseName, strict } from './common.ts';
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
  /** Class of its jobs; that of the release when not given. */
  priority: Type.Optional(PriorityName),
  /** Weight of the release against others of the same class; the highest of its routes counts. */
  share: Type.Number({ exclusiveMinimum: 0, maximum: 100, default: 1 }),
  destinations: Type.Array(Type.String(), { minItems: 1 }),
  ...routeResults,
  /** Whether a study that no release takes gets a report that says so. A node that is sent everything would answer everything. */
  unmatched: Type.Enum(['report', 'ignore'], { default: 'ignore' }),
});
export type Route = Static<typeof Route>;

export type { InferenceDevice } from './agent-config/devices.ts';
export type { RemoteProtocol, RemoteServer } from './agent-config/remote-device.ts';

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
  priors: Type.Optional(Priors),
  destinations: Type.Array(Destination),
  routes: Type.Array(Route),
  devices: Devices,
  inference: Inference,
  local_api: LocalApi,
  telemetry: Telemetry,
  log: LogConfig,
});
export type AgentConfig = Static<typeof AgentConfig>;

export const agentConfig = validator(AgentConfig);
