import { atLeast, atMost, type Bound, type Goal, goalOf } from '../report.ts';
import type { InferRuns } from './bench.ts';
import type { PerItem } from './measures/per-item.ts';
import { partsOf_ms } from './measures/volume-study.ts';

/** The bound on the delay of the loop is this, or twice that of an idle process, whichever is more. */
const LOOP_P99_MS = 25;

/** The goals of the benchmark from its runs. Of several models the worst counts. */
export function goalsOf(runs: InferRuns): Goal[] {
  const { perItem = [], loop = [], volume = [], swap = [], kill = [], memory } = runs;
  const [before, after] = memory ?? [];
  return [
    worst('cpu_per_item_vs_bare', perItem, (one) => one.agent_cpu_ms / one.bare_cpu_ms, atMost(1.05), 'highest'),
    worst(
      'throughput_vs_bare',
      perItem,
      (one) => one.agent_items_per_s / one.bare_items_per_s,
      atLeast(0.95),
      'lowest',
    ),
    goalOf(
      'loop_p99_ratio',
      loop.map(({ p99_ms, idle_p99_ms }) => p99_ms / Math.max(LOOP_P99_MS, 2 * idle_p99_ms)),
      '',
      atMost(1),
    ),
    goalOf(
      'ct300_vs_parts',
      volume.map((one) => one.study_ms / partsOf_ms(one)),
      '',
      atMost(1.15),
    ),
    goalOf('swap_failed', swap.length === 0 ? [] : [swap.reduce((sum, { failed }) => sum + failed, 0)], '', atMost(0)),
    goalOf(
      'swap_p99_ratio',
      swap.map(({ swap_p99_ms, undisturbed_p99_ms }) => swap_p99_ms / undisturbed_p99_ms),
      '',
      atMost(2),
    ),
    goalOf(
      'kill_recovery_ratio',
      kill.map(({ recovery_ms, bare_ms }) => recovery_ms / bare_ms),
      '',
      atMost(2),
    ),
    goalOf(
      'rss_ratio',
      before === undefined || after === undefined ? [] : [after.rss_mb / before.rss_mb],
      '',
      atMost(1.05),
    ),
  ].filter(({ value }) => Number.isFinite(value)); // Not measured in this call.
}

function worst(
  name: string,
  runs: readonly PerItem[],
  figure: (one: PerItem) => number,
  bound: Bound,
  which: 'highest' | 'lowest',
): Goal {
  const models = [...new Set(runs.map(({ model }) => model))];
  const goals = models.map((model) => goalOf(name, runs.filter((one) => one.model === model).map(figure), '', bound));
  const sorted = goals.toSorted((a, b) => (which === 'highest' ? b.value - a.value : a.value - b.value));
  return sorted[0] ?? goalOf(name, [], '', bound);
}
