import type { Destination } from '@collimator/shared/contracts/agent-config';
import type { DestinationFigures } from '../../observe/delivery-metrics.ts';
import type { DestinationBacklog } from '../../store/delivery-row.ts';
import type { DestinationLane } from './destination-lane.ts';

/** Figures of every destination that is configured, also of one that has nothing to get. `lanes` go with `destinations`. */
export function destinationFigures(
  destinations: readonly Destination[],
  lanes: readonly Pick<DestinationLane, 'away'>[],
  backlog: readonly DestinationBacklog[],
  now_ms: number,
): DestinationFigures[] {
  return destinations.map(({ name }, i) => {
    const one = backlog.find(({ destination }) => destination === name);
    return {
      destination: name,
      pending: one?.pending ?? 0,
      held: one?.held ?? 0,
      failed: one?.failed ?? 0,
      oldest_s: one?.oldest_ms === undefined ? 0 : Math.max(0, (now_ms - one.oldest_ms) / 1000),
      away: lanes[i]?.away() !== undefined,
      uncommitted: one?.uncommitted ?? 0,
      commitmentFailed: one?.commitmentFailed ?? 0,
    };
  });
}
