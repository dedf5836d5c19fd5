/** How long jobs of each release took, per slice; the last ones weigh most. */
export type RunTimes = ReadonlyMap<string, number>;

/** Weight of a new reading. */
const NEW_WEIGHT = 0.3;
/** Before the first reading: generous, because the cost of waiting too long is small and that of killing a healthy run is not. */
const FIRST_MS_PER_SLICE = 2_000;
const FIRST_MS = 120_000;

export const watchdogDefault = { factor: 5, floor_ms: 30_000 };

/** The times with one more reading. */
export function learn(times: RunTimes, releaseSha256: string, slices: number, took_ms: number): RunTimes {
  const reading = took_ms / Math.max(1, slices);
  const before = times.get(releaseSha256);
  const after = before === undefined ? reading : before + NEW_WEIGHT * (reading - before);
  return new Map(times).set(releaseSha256, after);
}

/** After how long a run counts as stuck: `factor` × what is expected, never below the floor. */
export function stuckAfter_ms(
  times: RunTimes,
  releaseSha256: string,
  slices: number,
  watchdog = watchdogDefault,
): number {
  const perSlice_ms = times.get(releaseSha256);
  if (perSlice_ms === undefined) return FIRST_MS + FIRST_MS_PER_SLICE * slices;
  return Math.max(watchdog.floor_ms, watchdog.factor * perSlice_ms * slices);
}
