import { costOf, type RunCost } from './run-cost.ts';
import type { CostKey } from './scheduler.ts';

/** The level of a device's costs has changed: of one key, or of all that it runs. */
export type Shift = { readonly of: 'device' | 'key'; readonly factor: number };

/** Runs in a row that must agree: one is an outlier, this many are a throttled device. */
export const shiftRuns = 3;
/** Times more, or less, than expected from which a run counts towards a shift; beyond what noise does. */
export const shiftFactor = 1.5;

export type ShiftWatch = {
  /** A run of a settled cost has ended. Undefined unless it completes a shift. */
  seen(device: string, key: CostKey, took_ms: number, expected: RunCost, items: number): Shift | undefined;
};

/** Notices that a device has become slower or faster as a whole, within a few runs and whatever it runs. */
export function createShiftWatch(): ShiftWatch {
  const ofDevice = new Map<string, number[]>();
  const ofKey = new Map<string, Map<CostKey, number[]>>();

  return {
    seen(device, key, took_ms, expected, items) {
      const ratio = Math.max(took_ms, 1e-2) / Math.max(costOf(expected, items), 1e-2);
      const keys = ofKey.get(device) ?? new Map<CostKey, number[]>();
      ofKey.set(device, keys);
      const lastOfDevice = keptInARow(ofDevice.get(device) ?? [], ratio);
      const lastOfKey = keptInARow(keys.get(key) ?? [], ratio);
      ofDevice.set(device, lastOfDevice);
      if (lastOfKey.length === 0) keys.delete(key);
      else keys.set(key, lastOfKey);

      if (lastOfDevice.length === shiftRuns) {
        ofDevice.set(device, []);
        keys.clear();
        return { of: 'device', factor: middle(lastOfDevice) };
      }
      if (lastOfKey.length === shiftRuns) {
        keys.delete(key);
        return { of: 'key', factor: middle(lastOfKey) };
      }
      return undefined;
    },
  };
}

/** The ratios that point the same way as the newest, newest last; none when that one is as expected. */
function keptInARow(ratios: readonly number[], newest: number): number[] {
  const slower = newest > shiftFactor;
  if (!slower && newest > 1 / shiftFactor) return [];
  return [...ratios.filter((ratio) => ratio > 1 === slower), newest].slice(-shiftRuns);
}

const middle = (ratios: readonly number[]): number => ratios.toSorted((a, b) => a - b)[(ratios.length - 1) >> 1] ?? 1;
