import type { Log } from '@collimator/shared/observe/log';
import { type DiskSpace, diskSpace } from './disk-space.ts';
import type { Every } from '../timers.ts';
import { type GpuFigures, noGpus } from './gpu/gpu-metrics.ts';
import { watchXids, type XidWatch } from './gpu/kernel-log.ts';
import type { GpuReading } from './gpu/line-parser.ts';
import { startGpuReadings } from './gpu/readings.ts';
import { createHostReader, type HostFacts } from './host-facts.ts';

export interface MachineWatch {
  disk(): DiskSpace;
  host(): HostFacts | undefined;
  gpus(): readonly GpuReading[];
  gpuFigures(): GpuFigures;
  stop(): void;
}

const hostReadingMs = 15_000;
const gpuLookMs = 1_000;

/** The machine below: disk, processor, memory, GPUs. The kernel log is read from when there is a GPU to hear of. */
export function watchMachine(dataDir: string, every: Every, log: Log): MachineWatch {
  const host = createHostReader(log);
  const gpus = startGpuReadings({ log });
  let xids: XidWatch | undefined;
  void host.read();
  const stopReading = every(hostReadingMs, () => void host.read());
  const stopLooking = every(gpuLookMs, () => {
    if (gpus.latest().length > 0) xids ??= watchXids({ log });
  });
  return {
    disk: () => diskSpace(dataDir),
    host: () => host.latest(),
    gpus: () => gpus.latest(),
    gpuFigures: () =>
      xids === undefined
        ? { ...noGpus, gpus: gpus.latest() }
        : {
            gpus: gpus.latest(),
            xids: xids.counts(),
            latestXid: (pci) => xids?.latest(pci),
            kernelLogRead: xids.reading(),
          },
    stop() {
      stopReading();
      stopLooking();
      gpus.stop();
      xids?.stop();
    },
  };
}
