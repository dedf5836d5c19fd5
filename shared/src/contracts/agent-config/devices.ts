import Type, { type Static } from 'typebox';
import { strict } from '../common.ts';
import { RemoteServer } from './remote-device.ts';

/** Processes that run models on a device side by side. */
const workers = Type.Integer({ minimum: 1, maximum: 8, default: 1 });

const named = { name: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,31}$' })) };

/** What every kind of device may say; for what holds when it does not, see infer/devices.ts of the agent. */
const common = {
  workers,
  /** Threads that decode and preprocess beside each process of a device. */
  decode_threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  /** As of nice(1); the supervisor keeps its own. */
  nice: Type.Integer({ minimum: 0, maximum: 19, default: 0 }),
  /** What all its processes together may take of the device's memory (that of the GPU, or of the machine). */
  memory_bytes_max: Type.Optional(Type.Integer({ minimum: 16_777_216 })),
  /** Resident memory of a process from which on, if it has grown, it is let go and a new one started. */
  resident_bytes_max: Type.Optional(Type.Integer({ minimum: 268_435_456 })),
};

const gpuOptions = {
  /** Tried in this order; `cpu` where neither can be used. */
  providers: Type.Array(Type.Enum(['tensorrt', 'cuda', 'cpu']), { minItems: 1, default: ['cuda', 'cpu'] }),
};

const GpuUuid = Type.String({ pattern: '^GPU-[0-9a-fA-F-]{36}$' });

/**
 * A device of the balance: threads of the CPU, one GPU by the UUID that nvidia-smi prints, every GPU that is there except
 * some, or a model server.
 */
const InferenceDevice = Type.Union([
  strict({ cpu: strict({ threads: Type.Integer({ minimum: 1, maximum: 256 }) }), ...named, ...common }),
  strict({ gpu: GpuUuid, ...named, ...gpuOptions, ...common }),
  strict({
    gpus: strict({ exclude: Type.Array(GpuUuid, { default: [] }) }),
    ...gpuOptions,
    ...common,
  }),
  strict({ remote: RemoteServer, ...named, decode_threads: common.decode_threads }),
]);
export type InferenceDevice = Static<typeof InferenceDevice>;

/** What the appliance computes on: every GPU of the machine, or a list. */
export const Devices = Type.Union([Type.Literal('auto'), Type.Array(InferenceDevice, { minItems: 1 })], {
  default: 'auto',
});
