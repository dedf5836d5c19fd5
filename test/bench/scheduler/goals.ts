import { atMost, type Goal, rounded } from '../report.ts';
import type { SchedulerRun } from './bench.ts';
import { ours } from './contestants.ts';
import type { ScenarioName } from './scenarios.ts';
import type { Estimate } from './statistics.ts';

/**
 * The goals from the runs: of the workload `alike`, and again of `volumes`, with its name behind theirs. The upper end
 * of the 95 % interval counts; the spread is the interval.
 */
export const goalsOf = (runs: readonly SchedulerRun[]): Goal[] => [
  ...goalsIn(
    runs.filter(({ workload }) => workload === 'alike'),
    '',
  ),
  ...goalsIn(
    runs.filter(({ workload }) => workload === 'volumes'),
    '@volumes',
  ),
];

function goalsIn(runs: readonly SchedulerRun[], suffix: string): Goal[] {
  const goal = (
    name: string,
    scenario: ScenarioName,
    load: number,
    of: (run: SchedulerRun) => Estimate,
    unit: string,
    most: number,
  ): Goal[] => {
    const run = runs.find((one) => one.contestant === ours && one.scenario === scenario && one.load === load);
    if (run === undefined) return []; // Not measured in this call.
    const { low, high } = of(run);
    const bound = atMost(most);
    const spread = [rounded(low), rounded(high)] as const;
    return [{ name: name + suffix, value: rounded(high), unit, goal: bound.text, ok: bound.holds(high), spread }];
  };
  return [
    ...goal('stat_p99_vs_ideal', 'plain', 0.7, ({ vsReference }) => vsReference.stat_p99_s, '', 1.1),
    ...goal('all_p99_vs_ideal', 'plain', 0.7, ({ vsReference }) => vsReference.all_p99_s, '', 1),
    ...goal('p50_vs_ideal', 'plain', 0.7, ({ vsReference }) => vsReference.all_p50_s, '', 0.35),
    ...goal(
      'stat_p99_vs_ideal_noisy',
      'noise, costs unknown',
      0.7,
      ({ vsReference }) => vsReference.stat_p99_s,
      '',
      1.25,
    ),
    ...goal('stat_p99_s_device_down', 'device down', 0.5, ({ figures }) => figures.stat_p99_s, 's', 8),
  ];
}
