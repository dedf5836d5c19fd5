import { type Borrowed, borrow } from './borrow-cost.ts';
import { createShiftWatch } from './cost-shift.ts';
import { defaultLearning, guessed, learned, type LearnedCost, type LearningPolicy, scaled } from './run-cost.ts';
import type { CostKey } from './scheduler.ts';

/** One line of what was learned, as it is persisted. */
export type CostReading = LearnedCost & { readonly device: string; readonly key: CostKey };

/** What runs cost on each device, learned while they run. */
export type CostModel = {
  /** The best guess there is, never undefined: learned, else borrowed from other devices or keys. */
  readonly cost: (device: string, key: CostKey) => Borrowed;
  /** A run has ended well. */
  learn(device: string, key: CostKey, items: number, took_ms: number): void;
  /** All that was learned, most recently used last: what `restore` takes. */
  snapshot(): readonly CostReading[];
};

export type CostModelDeps = {
  readonly learning?: LearningPolicy;
  /** What was learned before. */
  readonly restore?: readonly CostReading[];
  /** Pairs of device and key that are remembered; the least recently used is forgotten first. */
  readonly readingsMax?: number;
};

export const defaultReadingsMax = 4_096;

export function createCostModel({
  learning = defaultLearning,
  restore = [],
  readingsMax = defaultReadingsMax,
}: CostModelDeps = {}): CostModel {
  /** By device and key; a `Map` keeps the order of use. */
  const known = new Map<string, CostReading>();
  const shifts = createShiftWatch();
  /** What `cost` answers, by device and key. */
  const answers = new Map<string, Map<CostKey, Borrowed>>();
  /** Answers among them that were put together from other readings; any new reading may change them. */
  let borrowed: (readonly [device: string, key: CostKey])[] = [];

  for (const reading of restore) remember(reading);

  function remember(reading: CostReading): void {
    const { device, key, fixed_ms, perItem_ms } = reading;
    const id = idOf(device, key);
    known.delete(id);
    known.set(id, reading);
    for (const [oldest, { device, key }] of known) {
      if (known.size <= readingsMax) break;
      known.delete(oldest);
      answers.get(device)?.delete(key);
    }
    forgetBorrowed();
    answer(device, key, { fixed_ms, perItem_ms, from: 'learned' });
  }

  function answer(device: string, key: CostKey, cost: Borrowed): void {
    const ofDevice = answers.get(device);
    if (ofDevice === undefined) answers.set(device, new Map([[key, cost]]));
    else ofDevice.set(key, cost);
  }

  function forgetBorrowed(): void {
    for (const [device, key] of borrowed) answers.get(device)?.delete(key);
    borrowed = [];
  }

  function cost(device: string, key: CostKey): Borrowed {
    const before = answers.get(device)?.get(key);
    if (before !== undefined) return before;
    if (borrowed.length >= readingsMax) forgetBorrowed();
    const other = borrow(device, key, [...known.values()]);
    borrowed.push([device, key]);
    answer(device, key, other);
    return other;
  }

  return {
    cost,
    learn(device, key, items, took_ms) {
      const before = known.get(idOf(device, key)) ?? { ...guessed(cost(device, key), learning), device, key };
      const shift =
        before.readings < learning.settledAfter ? undefined : shifts.seen(device, key, took_ms, before, items);
      if (shift === undefined) {
        remember({ ...learned(before, items, took_ms, learning), device, key });
        return;
      }
      const moved = shift.of === 'device' ? [...known.values()].filter((one) => one.device === device) : [before];
      for (const one of moved) remember({ ...one, ...scaled(one, shift.factor) });
    },
    snapshot: () => [...known.values()],
  };
}

const idOf = (device: string, key: CostKey): string => `${device}\n${key}`;
