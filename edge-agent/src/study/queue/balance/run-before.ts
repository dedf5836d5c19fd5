import type { CostKey } from '../schedule/scheduler.ts';

/** Which tasks a device has run well since the start. */
export type RunBefore = { has(device: string, key: CostKey): boolean; note(device: string, key: CostKey): void };

/** Pairs that are remembered; the one that ran longest ago is forgotten, and is waited for patiently once more. */
const PAIRS_MAX = 4_096;

export function createRunBefore(): RunBefore {
  const pairs = new Set<string>();
  const idOf = (device: string, key: CostKey): string => `${device} ${key}`;
  return {
    has: (device, key) => pairs.has(idOf(device, key)),
    note(device, key) {
      pairs.delete(idOf(device, key));
      pairs.add(idOf(device, key));
      for (const oldest of pairs) if (pairs.size > PAIRS_MAX) pairs.delete(oldest);
    },
  };
}
