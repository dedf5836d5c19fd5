import type { Log } from '@collimator/shared/observe/log';
import { type DiskSpace, diskSpace } from './disk-space.ts';
import type { Every } from '../timers.ts';
import { startGpuReadings } from './gpu-readings.ts';
import type { GpuReading } from './gpu-readings-parser.ts';
import { createHostReader, type HostFacts } from './host-facts.ts';

export interface MachineWatch {
  disk(): DiskSpace;
  host(): HostFacts | undefined;
  gpus(): readonly GpuReading[];
  stop(): void;
}

const hostReadingMs = 15_000;

/** The machine below: disk, processor, memory, GPUs. */
export function watchMachine(dataDir: string, every: Every, log: Log): MachineWatch {
  const host = createHostReader(log);
  const gpus = startGpuReadings({ log });
  void host.read();
  const stopReading = every(hostReadingMs, () => void host.read());
  return {
    disk: () => diskSpace(dataDir),
    host: () => host.latest(),
    gpus: () => gpus.latest(),
    stop() {
      stopReading();
      gpus.stop();
    },
  };
}
