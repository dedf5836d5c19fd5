import type { QueueDepth } from '../../store/sqlite-queue-depth.ts';
import type { Ask, Sample } from '../ask.ts';
import { priorityNames } from './engine-metrics.ts';

/** What waits for a device, of every priority. */
export function addQueueMetrics(ask: Ask, depth: () => readonly QueueDepth[], now_ms: () => number): void {
  const each = (value: (of: QueueDepth) => number): Sample[] => {
    const depths = depth();
    return priorityNames.map((priority, i) => {
      const of = depths.find((one) => one.priority === i);
      return [{ priority }, of === undefined ? 0 : value(of)];
    });
  };
  ask('collimator_inference_queue_jobs', 'Jobs that wait for a device, by priority', ['priority'], () =>
    each(({ jobs }) => jobs),
  );
  ask(
    'collimator_inference_queue_oldest_seconds',
    'For how long the first of them has waited; 0 when none waits',
    ['priority'],
    () => each(({ oldest_ms }) => Math.max(0, now_ms() - oldest_ms) / 1000),
  );
}
