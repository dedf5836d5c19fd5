import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '@collimator/shared/observe/log';
import { type GpuReading, gpuQuery, parseGpuLine } from './gpu-readings-parser.ts';

export interface GpuReadings {
  /** The latest reading of each GPU; empty where there is none. */
  latest(): readonly GpuReading[];
  stop(): void;
}

export type GpuReadingsOptions = {
  readonly log: Log;
  readonly command?: string;
  readonly interval_s?: number;
  readonly restart_s?: number;
};

const intervalSecondsDefault = 5;
const restartSecondsDefault = 60;
/** GPUs of one machine; more lines than these are not stored. */
const gpusMax = 64;

/**
 * Reads the GPUs through one long-lived `nvidia-smi -l` child: starting one per reading costs more than the reading,
 * and the usual Node packages block the event loop meanwhile. No nvidia-smi means no GPU and is no error.
 */
export function startGpuReadings(options: GpuReadingsOptions): GpuReadings {
  const restart_s = options.restart_s ?? restartSecondsDefault;
  const readings = new Map<string, GpuReading>();
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function start(): void {
    const args = [
      `--query-gpu=${gpuQuery}`,
      '--format=csv,noheader,nounits',
      '-l',
      String(options.interval_s ?? intervalSecondsDefault),
    ];
    const started = spawn(options.command ?? 'nvidia-smi', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    child = started;
    let missing = false;
    started.on('error', (error: NodeJS.ErrnoException) => {
      missing = error.code === 'ENOENT';
      if (!missing) ended(error.code ?? error.name);
    });
    createInterface({ input: started.stdout }).on('line', (line) => {
      const reading = parseGpuLine(line);
      if (reading !== undefined && (readings.has(reading.uuid) || readings.size < gpusMax)) {
        readings.set(reading.uuid, reading);
      }
    });
    started.on('exit', (code, signal) => {
      if (!missing) ended(signal ?? `exit code ${code}`);
    });
  }

  function ended(reason: string): void {
    readings.clear();
    if (stopped || timer !== undefined) return;
    options.log.event('gpu-readings-ended', { reason, restart_s });
    timer = setTimeout(() => {
      timer = undefined;
      start();
    }, restart_s * 1000);
    timer.unref();
  }

  start();
  return {
    latest: () => [...readings.values()],
    stop() {
      stopped = true;
      clearTimeout(timer);
      child?.kill('SIGTERM');
    },
  };
}
