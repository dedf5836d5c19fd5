import type { HeldJob } from './held-job.ts';
import type { Lane } from './lanes.ts';
import { goesBefore, overdueBefore } from './order-key.ts';

/** Who is to be served next, one after the other; each job once. */
export type Candidates = {
  /** The first in order of class and place. */
  first(): HeldJob | undefined;
  /** The one that has been overdue for longest. */
  overdue(now_ms: number): HeldJob | undefined;
};

/** Walks over the lanes in order, at most so far into each. Nothing may be added to or removed from them meanwhile. */
export function walk(lanes: readonly Lane[], lookaheadJobsMax: number): Candidates {
  const taken = new Set<HeldJob>();
  const cursors = lanes.map(() => 0);

  function take(held: HeldJob | undefined): HeldJob | undefined {
    if (held !== undefined) taken.add(held);
    return held;
  }

  function headOf(lane: Lane, index: number): HeldJob | undefined {
    for (;;) {
      const cursor = cursors[index] ?? 0;
      const held = cursor < lookaheadJobsMax ? lane.byPlace.at(cursor) : undefined;
      if (held === undefined || !taken.has(held)) return held;
      cursors[index] = cursor + 1;
    }
  }

  return {
    first() {
      let first: HeldJob | undefined;
      for (const [index, lane] of lanes.entries()) {
        const held = headOf(lane, index);
        if (held !== undefined && (first === undefined || goesBefore(held, first))) first = held;
      }
      return take(first);
    },
    overdue(now_ms) {
      let first: HeldJob | undefined;
      for (const { byOverdue } of lanes) {
        const held = nextNotTaken(byOverdue, taken, lookaheadJobsMax);
        if (held === undefined || held.overdueAt_ms > now_ms) continue;
        if (first === undefined || overdueBefore(held, first)) first = held;
      }
      return take(first);
    },
  };
}

function nextNotTaken(list: Lane['byOverdue'], taken: ReadonlySet<HeldJob>, max: number): HeldJob | undefined {
  for (let index = 0; index < max; index++) {
    const held = list.at(index);
    if (held === undefined || !taken.has(held)) return held;
  }
  return undefined;
}
