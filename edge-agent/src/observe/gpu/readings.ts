import type { Log } from '@collimator/shared/observe/log';
import { type After, systemAfter } from '../../timers.ts';
import { type ChildEnd, keepLineChild } from '../line-child.ts';
import { type GpuField, gpuFields, gpuQuery, refusedField } from './fields.ts';
import { type GpuReading, parseGpuLine } from './line-parser.ts';

export interface GpuReadings {
  /** The latest reading of each GPU; empty where there is none, and while nothing is heard of them. */
  latest(): readonly GpuReading[];
  stop(): void;
}

export type GpuReadingsOptions = {
  readonly log: Log;
  readonly command?: string;
  readonly interval_s?: number;
  /** Until the first restart; each further one waits twice as long, up to `restart_s_most`. */
  readonly restart_s?: number;
  readonly restart_s_most?: number;
  readonly after?: After;
};

const intervalSecondsDefault = 5;
const restartSecondsDefault = 5;
const restartSecondsMostDefault = 300;
/** Readings that do not come for so many intervals: the tool hangs in the driver. The first ones may take long. */
const INTERVALS_SILENT_MAX = 12;
/** GPUs of one machine; more lines than these are not stored. */
const gpusMax = 64;

/**
 * Reads the GPUs through one long-lived `nvidia-smi -l` child: starting one per reading costs more than the reading,
 * and the usual Node packages block the event loop meanwhile. No nvidia-smi means no GPU and is no error. A field that
 * the driver does not know is left out from then on.
 */
export function startGpuReadings(options: GpuReadingsOptions): GpuReadings {
  const interval_s = options.interval_s ?? intervalSecondsDefault;
  const readings = new Map<string, GpuReading>();
  let fields: readonly GpuField[] = gpuFields;
  let refused: string | undefined;

  function onLine(line: string): void {
    const reading = parseGpuLine(line, fields);
    if (reading === undefined) {
      refused ??= refusedField(line);
    } else if (readings.has(reading.uuid) || readings.size < gpusMax) {
      readings.set(reading.uuid, reading);
      child.works();
    }
  }

  function onEnd({ reason, missing }: ChildEnd, wait_ms: number): 'again' | 'at-once' | 'never' {
    readings.clear();
    if (missing) return 'never';
    const left = fields.filter(({ query }) => query !== refused);
    refused = undefined;
    if (left.length < fields.length) {
      fields = left;
      return 'at-once';
    }
    options.log.event('gpu-readings-ended', { reason, restart_s: wait_ms / 1000 });
    return 'again';
  }

  const child = keepLineChild({
    command: () => ({
      program: options.command ?? 'nvidia-smi',
      args: [`--query-gpu=${gpuQuery(fields)}`, '--format=csv,noheader,nounits', '-l', String(interval_s)],
    }),
    ...{ onLine, onEnd },
    first_ms: (options.restart_s ?? restartSecondsDefault) * 1000,
    most_ms: (options.restart_s_most ?? restartSecondsMostDefault) * 1000,
    silence_ms: INTERVALS_SILENT_MAX * interval_s * 1000,
    after: options.after ?? systemAfter,
  });
  return { latest: () => [...readings.values()], stop: () => child.stop() };
}
