import { machineLine, markdownGoals, markdownTable, plainGoals, plainTable } from '../report.ts';
import { type Figure, figures, type SchedulerReport, type SchedulerRun } from './bench.ts';
import { speeds } from './scenarios.ts';
import type { Estimate } from './statistics.ts';
import { releases, seriesMax, workloads } from './workload.ts';

const head = [
  'scenario',
  'load',
  'scheduler',
  'STAT p50 s',
  'STAT p99 s',
  'all p50 s',
  'all p99 s',
  'STAT p99 ÷ ref',
  'all p99 ÷ ref',
  'p50 ÷ ref',
];

const withInterval = ({ mean, low, high }: Estimate): string =>
  Number.isFinite(low) ? `${short(mean)} ± ${short((high - low) / 2)}` : short(mean);
const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

function lines(runs: readonly SchedulerRun[]): string[][] {
  return runs.map(({ workload, scenario, load, contestant, figures: of, vsReference, unstable }) => [
    workload,
    scenario,
    String(load),
    contestant,
    ...figures.map((figure: Figure) => (unstable && figure.startsWith('all') ? 'grows' : withInterval(of[figure]))),
    ...[
      vsReference.stat_p99_s,
      unstable ? undefined : vsReference.all_p99_s,
      unstable ? undefined : vsReference.all_p50_s,
    ].map((ratio) => (ratio === undefined ? '' : withInterval(ratio))),
  ]);
}

const facts = ({ size }: SchedulerReport): string[] => [
  `devices of speed ${Object.values(speeds).join(' / ')}; runs of n items cost ${releases.map(({ name }) => name).join(', ')} ms at speed 1, batches of at most ${releases.map(({ batch }) => batch).join(', ')}`,
  `studies by Poisson, 1 to ${seriesMax} series each; load = work that comes ÷ summed speed`,
  `series are log-normal (σ ${workloads.alike.sizes.sigma}): "alike" around ${workloads.alike.sizes.median} items whatever the model; "volumes" around ${workloads.volumes.sizes.median} slices, of which the third model reads windows, one for each 8`,
  `${size.seeds} seeds of ${size.counted_ms / 60_000} minutes; ± is the 95 % interval over the seeds`,
];

export const plainReport = (report: SchedulerReport): string =>
  [plainTable(head, lines(report.runs)), '', ...facts(report), '', plainGoals(report.goals), ''].join('\n');

/** A block for RESULTS.md. */
export const markdownReport = (report: SchedulerReport): string =>
  [
    '## Scheduling: `npm run bench:scheduler`',
    `${report.date.slice(0, 10)}, simulated (so of no machine; run on ${machineLine(report.machine)}), commit ${report.commit}.`,
    ...facts(report).map((fact) => `- ${fact}`),
    '',
    markdownGoals(report.goals),
    '',
    'The figure of a goal is the upper end of the 95 % interval, the spread the interval.',
    '',
    markdownTable(head, lines(report.runs)),
    '',
  ].join('\n');
