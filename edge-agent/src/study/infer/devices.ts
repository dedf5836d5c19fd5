import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { DeviceSpec } from './protocol.ts';

const NVIDIA_SMI_MS_MAX = 10_000;
/** Threads of the runtime beside a GPU: decoding and preprocessing are not its; its CPU part needs one. */
const GPU_THREADS = 1;
/** Decoding keeps up with a model on two; a core is left for the rest of the appliance. */
const DECODE_THREADS = 2;

/**
 * The devices to run on. `auto` takes every GPU; without one, a CPU device with half of the cores, so that receiving
 * and delivering keep theirs.
 */
export function planDevices(
  devices: AgentConfig['devices'],
  gpuUuids: readonly string[],
  cores: number,
): readonly DeviceSpec[] {
  const usual = Math.max(1, Math.min(DECODE_THREADS, cores - 1));
  if (devices === 'auto') {
    if (gpuUuids.length === 0)
      return [{ name: 'cpu-0', threads: Math.max(1, Math.floor(cores / 2)), decodeThreads: usual }];
    return gpuUuids.map((gpu, index) => ({
      name: `gpu-${index}`,
      threads: GPU_THREADS,
      decodeThreads: usual,
      gpu,
    }));
  }
  const named: DeviceSpec[] = [];
  for (const device of devices) {
    const decodeThreads = device.decode_threads ?? usual;
    if ('cpu' in device) named.push({ name: `cpu-${named.length}`, threads: device.cpu.threads, decodeThreads });
    else
      for (let worker = 0; worker < device.workers; worker++)
        named.push({ name: `gpu-${named.length}`, threads: GPU_THREADS, decodeThreads, gpu: device.gpu });
  }
  return named;
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
export const findDevices = async (devices: AgentConfig['devices']): Promise<readonly DeviceSpec[]> =>
  planDevices(devices, devices === 'auto' ? await listGpuUuids() : [], availableParallelism());
