import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Of the timer that looks: what it is late by is the delay. */
const RESOLUTION_MS = 5;

/** Delay of this process's event loop, without the resolution of its timer. */
export function watchLoopDelay(): { reset(): void; p99_ms(): number } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    reset: () => histogram.reset(),
    p99_ms: () => Math.max(0, histogram.percentile(99) / 1e6 - RESOLUTION_MS),
  };
}
