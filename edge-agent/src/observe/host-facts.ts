import type { Log } from '@collimator/shared/observe/log';
import si from 'systeminformation';

/** What the machine is and how busy it is. */
export type HostFacts = {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly memory_bytes_total: number;
  readonly memory_bytes_available: number;
  /** 0 … 1 over all cores since the last reading. */
  readonly cpu_load: number;
};

export interface HostReader {
  latest(): HostFacts | undefined;
  read(): Promise<void>;
}

/** Host facts by systeminformation; never its graphics call, which blocks the event loop (see `gpu-readings.ts`). */
export function createHostReader(log: Log): HostReader {
  let latest: HostFacts | undefined;
  let reading = false;
  return {
    latest: () => latest,
    async read() {
      if (reading) return;
      reading = true;
      try {
        const [cpu, os, memory, load] = await Promise.all([si.cpu(), si.osInfo(), si.mem(), si.currentLoad()]);
        latest = {
          cpu: `${cpu.manufacturer} ${cpu.brand}`.trim(),
          cores: cpu.cores,
          os: `${os.distro} ${os.release}`.trim(),
          memory_bytes_total: memory.total,
          memory_bytes_available: memory.available,
          cpu_load: load.currentLoad / 100,
        };
      } catch (error) {
        log.event('host-facts-failed', { reason: error instanceof Error ? error.name : 'unknown' });
      } finally {
        reading = false;
      }
    },
  };
}
