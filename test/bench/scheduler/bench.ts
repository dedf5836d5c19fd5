import { type Goal, type Report, thisCommit, thisMachine } from '../report.ts';
import { contestants, reference } from './contestants.ts';
import { goalsOf } from './goals.ts';
import { type ScenarioName, scenarioNames, scenarioOf, summedSpeed } from './scenarios.ts';
import type { Simulated } from './simulate.ts';
import { type Estimate, estimate, quantile } from './statistics.ts';
import { drawJobs, releases, type SimJob, type WorkloadName, workloadNames, workloads } from './workload.ts';

export const figures = ['stat_p50_s', 'stat_p99_s', 'all_p50_s', 'all_p99_s'] as const;
export type Figure = (typeof figures)[number];
export type Figures = Readonly<Record<Figure, number>>;

/** What one contestant made of a scenario at a load: means over the seeds, and of the ratios to the reference. */
export type SchedulerRun = {
  readonly workload: WorkloadName;
  readonly scenario: ScenarioName;
  readonly load: number;
  readonly contestant: string;
  readonly figures: Readonly<Record<Figure, Estimate>>;
  readonly vsReference: Readonly<Record<Figure, Estimate>>;
  /** Work done ÷ that of the reference: what cutting costs. */
  readonly work_vs_reference: number;
  /** Under some seed it was still behind long after the last study had come: no figure of it settles. */
  readonly unstable: boolean;
};

export type BenchSize = {
  readonly seeds: number;
  readonly loads: readonly number[];
  /** How long jobs are counted where a scenario has no end of its own. */
  readonly counted_ms: number;
};

export const fullSize: BenchSize = { seeds: 20, loads: [0.5, 0.7, 0.85], counted_ms: 30 * 60_000 };
export const quickSize: BenchSize = { seeds: 4, loads: [0.5, 0.7], counted_ms: 10 * 60_000 };

export type SchedulerReport = Report<SchedulerRun> & { readonly size: BenchSize };

export type BenchOptions = {
  readonly size: BenchSize;
  readonly workloads?: readonly WorkloadName[];
  readonly progress: (text: string) => void;
};

/** Simulates every scenario at every load under every contestant; the same seeds give the same figures. */
export function runSchedulerBench({ size, workloads = workloadNames, progress }: BenchOptions): SchedulerReport {
  const commit = thisCommit(); // Of the code that runs, which a working tree may leave behind meanwhile.
  const runs: SchedulerRun[] = [];
  for (const workload of workloads) {
    for (const scenario of scenarioNames) {
      for (const load of size.loads) {
        progress(`${workload}, ${scenario}, load ${load}: ${size.seeds} seeds`);
        runs.push(...compare(workload, scenario, load, size));
      }
    }
  }
  const goals: Goal[] = goalsOf(runs);
  return { machine: thisMachine(), commit, date: new Date().toISOString(), goals, runs, size };
}

type OfSeed = { readonly figures: Figures; readonly work_ms: number; readonly behind: boolean };

/** A queue that is still worked off this long after the last arrival has grown all the time. */
const behind_ms = 5 * 60_000;

function compare(
  workload: WorkloadName,
  name: ScenarioName,
  load: number,
  { seeds, counted_ms }: BenchSize,
): SchedulerRun[] {
  const scenario = scenarioOf(name, counted_ms);
  const bySeed = Array.from({ length: seeds }, (_, index) => {
    const seed = index + 1;
    const jobs = drawJobs(workloads[workload], seed, load, summedSpeed, scenario.until_ms);
    const world = { releases, devices: scenario.devices, jobs, seed, noise: scenario.noise };
    const results = Object.entries(contestants).map(([name, run]) => {
      const simulated = run(world, scenario);
      return [name, ofSeed(simulated, jobs, scenario.counted_ms, scenario.until_ms)] as const;
    });
    return new Map<string, OfSeed>(results);
  });

  return Object.keys(contestants).map((contestant) => {
    const own = bySeed.map((results) => results.get(contestant) as OfSeed);
    const other = bySeed.map((results) => results.get(reference) as OfSeed);
    const each = (value: (figure: Figure, index: number) => number): Record<Figure, Estimate> => {
      const of = (figure: Figure): Estimate => estimate(own.map((_, index) => value(figure, index)));
      const [stat_p50_s, stat_p99_s, all_p50_s, all_p99_s] = figures.map(of) as [
        Estimate,
        Estimate,
        Estimate,
        Estimate,
      ];
      return { stat_p50_s, stat_p99_s, all_p50_s, all_p99_s };
    };
    const figure = (results: readonly OfSeed[], figure: Figure, index: number): number =>
      results[index]?.figures[figure] ?? Number.NaN;
    const work = (results: readonly OfSeed[]): number => results.reduce((sum, { work_ms }) => sum + work_ms, 0);
    return {
      ...{ workload, scenario: name, load, contestant },
      figures: each((one, index) => figure(own, one, index)),
      vsReference: each((one, index) => figure(own, one, index) / figure(other, one, index)),
      work_vs_reference: work(own) / work(other),
      unstable: own.some(({ behind }) => behind),
    };
  });
}

function ofSeed(
  { response_ms, work_ms, end_ms }: Simulated,
  jobs: readonly SimJob[],
  [from_ms, to_ms]: readonly [number, number],
  until_ms: number,
): OfSeed {
  const counted = jobs.filter(({ arrival_ms }) => arrival_ms >= from_ms && arrival_ms < to_ms);
  const all = counted.map(({ id }) => (response_ms[id] as number) / 1_000);
  const stat = counted.filter(({ stat }) => stat).map(({ id }) => (response_ms[id] as number) / 1_000);
  return {
    figures: {
      stat_p50_s: quantile(stat, 0.5),
      stat_p99_s: quantile(stat, 0.99),
      all_p50_s: quantile(all, 0.5),
      all_p99_s: quantile(all, 0.99),
    },
    work_ms,
    behind: end_ms > until_ms + behind_ms,
  };
}
