import { execFile } from 'node:child_process';
import { availableParallelism, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { AgentConfig, InferenceDevice } from '@collimator/shared/contracts/agent-config';
import type { DeviceSpec } from './protocol.ts';

/** What of a machine decides over its devices. */
export type MachineFacts = {
  readonly gpuUuids: readonly string[];
  readonly cores: number;
  readonly memoryBytes: number;
};

const NVIDIA_SMI_MS_MAX = 10_000;
/** Threads of the runtime beside a GPU: decoding and preprocessing are not its; its CPU part needs one. */
const GPU_THREADS = 1;
/** Decoding keeps up with a model on two; a core is left for the rest of the appliance. */
const DECODE_THREADS = 2;
/** Of the machine's memory, for all processes together; the rest is for receiving and for the page cache. */
const RESIDENT_PART = 0.75;
/** A process has a model, the runtime and a decoded series; less than this would renew it all the time. */
const RESIDENT_BYTES_LEAST = 2 * 2 ** 30;

type Listed = Exclude<AgentConfig['devices'], 'auto'>;
/** One CPU device, one GPU, or one server. */
type Single = Exclude<InferenceDevice, { gpus: unknown }>;
const auto = { workers: 1, nice: 0 } as const;

/**
 * The devices to run on. `auto` takes every GPU; without one, a CPU device with half of the cores, so that receiving
 * and delivering keep theirs. A GPU that a list names is taken whether it is there or not: it may come back.
 */
export function planDevices(devices: AgentConfig['devices'], machine: MachineFacts): readonly DeviceSpec[] {
  const { gpuUuids, cores, memoryBytes } = machine;
  const every = { gpus: { exclude: [] }, providers: ['cuda', 'cpu'], ...auto } satisfies InferenceDevice;
  const cpu = { cpu: { threads: Math.max(1, Math.floor(cores / 2)) }, ...auto } satisfies InferenceDevice;
  const listed: Listed = devices === 'auto' ? [gpuUuids.length === 0 ? cpu : every] : devices;
  const pinned = listed.flatMap((device) => ('gpu' in device ? [device.gpu] : []));
  const single = listed.flatMap((device): readonly Single[] => {
    if (!('gpus' in device)) return [device];
    const { gpus, ...options } = device;
    const taken = gpuUuids.filter((uuid) => !gpus.exclude.includes(uuid) && !pinned.includes(uuid));
    return taken.map((gpu) => ({ gpu, ...options }));
  });
  const workersOf = (device: Single): number => ('remote' in device ? device.remote.workers : device.workers);
  const workers = single.reduce((sum, device) => sum + workersOf(device), 0);
  const residentBytesMax = Math.max(RESIDENT_BYTES_LEAST, Math.floor((RESIDENT_PART * memoryBytes) / workers));
  const usual = Math.max(1, Math.min(DECODE_THREADS, cores - 1));
  return single.map((device, index): DeviceSpec => {
    const decodeThreads = device.decode_threads ?? usual;
    if ('remote' in device) {
      const { name = `remote-${index}`, remote } = device;
      const local = { threads: 1, providers: [], nice: 0, decodeThreads, residentBytesMax };
      return { name, kind: 'remote', remote, workers: remote.workers, ...local };
    }
    const common = {
      decodeThreads,
      ...{ workers: device.workers, nice: device.nice },
      residentBytesMax: device.resident_bytes_max ?? residentBytesMax,
      ...(device.memory_bytes_max !== undefined && { memoryBytesMax: device.memory_bytes_max }),
    };
    if ('cpu' in device) {
      const { threads } = device.cpu;
      return { name: device.name ?? `cpu-${index}`, kind: 'cpu', threads, providers: ['cpu'], ...common };
    }
    return {
      name: device.name ?? `gpu-${index}`,
      ...{ kind: 'gpu', threads: GPU_THREADS, gpu: device.gpu, providers: device.providers, ...common },
    };
  });
}

/** UUIDs of the GPUs that nvidia-smi lists; none where there is no nvidia-smi. */
export async function listGpuUuids(): Promise<readonly string[]> {
  try {
    const { stdout } = await promisify(execFile)('nvidia-smi', ['--query-gpu=uuid', '--format=csv,noheader'], {
      timeout: NVIDIA_SMI_MS_MAX,
    });
    return parseGpuUuids(stdout);
  } catch (error) {
    // No driver, no tool, or a tool that cannot reach the driver: then there is no GPU to use.
    if (error instanceof Error) return [];
    throw error;
  }
}

export const parseGpuUuids = (stdout: string): readonly string[] =>
  stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^GPU-[0-9a-fA-F-]{36}$/.test(line));

/** The devices of a configuration on this machine. */
export async function findDevices(devices: AgentConfig['devices']): Promise<readonly DeviceSpec[]> {
  const asked = devices === 'auto' || devices.some((device) => 'gpus' in device);
  const gpuUuids = asked ? await listGpuUuids() : [];
  return planDevices(devices, { gpuUuids, cores: availableParallelism(), memoryBytes: totalmem() });
}
