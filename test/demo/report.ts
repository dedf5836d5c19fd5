import Type, { type Static } from 'typebox';
import { DeviceId, ReleaseName, SemanticVersion, Sha256, strict } from '@collimator/shared/contracts/common';

/** What `--report FILE` writes. Times in milliseconds unless the name says otherwise. */
export const DemoReport = strict({
  ok: Type.Boolean(),
  error: Type.Optional(Type.String()),
  backend: Type.Union([Type.String(), Type.Null()]),
  stages: Type.Array(strict({ name: Type.String(), ms: Type.Number() })),
  model: Type.Union([
    Type.Null(),
    strict({
      name: ReleaseName,
      version: SemanticVersion,
      sha256: Sha256,
      dice: Type.Number(),
      parity_max_abs_diff: Type.Number(),
    }),
  ]),
  devices: Type.Array(strict({ id: DeviceId, active_release: Type.Union([Type.String(), Type.Null()]) })),
  study: Type.Union([
    Type.Null(),
    strict({
      images: Type.Integer(),
      received_ms: Type.Number(),
      first_image_to_result_ms: Type.Number(),
      last_image_to_result_ms: Type.Number(),
    }),
  ]),
  /** How the devices of the first appliance shared its work: pieces of jobs, slices in them, and what one took of late. */
  balance: Type.Array(
    strict({
      device: Type.String(),
      tasks: Type.Integer(),
      slices: Type.Integer(),
      slice_ms: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
  results: Type.Array(strict({ path: Type.String(), sop_class_uid: Type.String(), sop_instance_uid: Type.String() })),
  brain_volume_ml: Type.Union([Type.Number(), Type.Null()]),
  train_cpu_s: Type.Union([Type.Number(), Type.Null()]),
  wall_s: Type.Number(),
});
export type DemoReport = Static<typeof DemoReport>;

type Writable<T> = { -readonly [K in keyof T]: T[K] };
/** The report while it grows, stage by stage. */
export type GrowingReport = Writable<DemoReport>;

export const emptyReport = (): GrowingReport => ({
  ok: false,
  backend: null,
  stages: [],
  model: null,
  devices: [],
  study: null,
  balance: [],
  results: [],
  brain_volume_ml: null,
  train_cpu_s: null,
  wall_s: 0,
});
