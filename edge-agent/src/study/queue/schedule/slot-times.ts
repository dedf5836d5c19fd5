import type { Slot } from './scheduler.ts';

/** A chunk that runs: where, since when, and for how long it was expected to. */
export type Running = { readonly slot: Slot; readonly started_ms: number; readonly expected_ms: number };

/** A slot whose chunk is due this very moment is still not as good as one that is free. */
const lateMin_ms = 1;

/**
 * When a chunk will have ended, as far as can be told. One that is late is thought to need as long again as it is late:
 * so nobody waits for a device that hangs for much longer than it has hung.
 */
export function endsAt_ms({ started_ms, expected_ms }: Running, now_ms: number): number {
  const due_ms = started_ms + expected_ms;
  return now_ms < due_ms ? due_ms : now_ms + Math.max(lateMin_ms, now_ms - due_ms);
}

/** When that expectation will have changed enough to decide anew. */
export function changesAt_ms({ started_ms, expected_ms }: Running, now_ms: number, wakeMin_ms: number): number {
  const due_ms = started_ms + expected_ms;
  const late_ms = Math.max(now_ms - due_ms, expected_ms / 8, wakeMin_ms);
  return Math.max(now_ms, due_ms) + late_ms;
}
