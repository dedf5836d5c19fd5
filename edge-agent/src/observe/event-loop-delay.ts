import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Ask } from './ask.ts';

/** Between two looks at the loop, ms. */
const RESOLUTION_MS = 10;

export type LoopDelay = {
  /** p50, p99 and the longest since the last call, seconds; what holds the loop up while it is called is not in them. */
  take(): { readonly p50_s: number; readonly p99_s: number; readonly max_s: number };
  stop(): void;
};

/** How much later than due the supervisor's event loop gets to its work. */
export function watchLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  // What is recorded is the time from one look to the next, so an idle loop shows the resolution.
  const seconds = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1000) || 0;
  return {
    take() {
      const at = (percent: number): number => seconds(histogram.percentile(percent));
      const taken = { p50_s: at(50), p99_s: at(99), max_s: seconds(histogram.max) };
      histogram.reset();
      return taken;
    },
    stop: () => void histogram.disable(),
  };
}

export function addLoopMetrics(ask: Ask, loop: LoopDelay): void {
  ask('collimator_event_loop_delay_seconds', 'Delay of the event loop since the last scrape', ['quantile'], () => {
    const { p50_s, p99_s, max_s } = loop.take();
    return [
      [{ quantile: '0.5' }, p50_s],
      [{ quantile: '0.99' }, p99_s],
      [{ quantile: '1' }, max_s],
    ];
  });
}
