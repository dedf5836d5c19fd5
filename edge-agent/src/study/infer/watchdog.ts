/** After how long a task counts as stuck: `factor` × what is expected of it, and never below the floor. */
export type Watchdog = { readonly factor: number; readonly floor_ms: number };

/** Before anything is known: generous, because the cost of waiting too long is small and that of killing a healthy run is not. */
const FIRST_MS_PER_ITEM = 2_000;
const FIRST_MS = 120_000;

/**
 * @param expected_ms undefined where this device has not run such a task yet
 * @param size items of the task, or images of the series where it is about all of them
 */
export function stuckAfter_ms(expected_ms: number | undefined, size: number, { factor, floor_ms }: Watchdog): number {
  if (expected_ms === undefined) return Math.max(floor_ms, FIRST_MS + FIRST_MS_PER_ITEM * size);
  return Math.max(floor_ms, factor * expected_ms);
}
