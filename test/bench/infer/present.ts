import { machineLine, markdownGoals, markdownTable, plainGoals, plainTable, rounded, summaryOf } from '../report.ts';
import type { InferReport, InferRuns } from './bench.ts';
import { partsOf_ms } from './measures/volume-study.ts';

const head = ['what', 'ours', 'beside it', 'ratio'] as const;

/** A line for each thing that was measured: medians over the repetitions. */
function lines({ perItem = [], loop = [], volume = [], swap = [], kill = [], memory }: InferRuns): string[][] {
  const line = (what: string, unit: string, pairs: readonly (readonly [number, number])[]): string[][] => {
    if (pairs.length === 0) return [];
    const of = (pick: (pair: readonly [number, number]) => number): number => summaryOf(pairs.map(pick)).median;
    const cell = (value: number): string => `${rounded(value)} ${unit}`;
    return [[what, cell(of(([ours]) => ours)), cell(of(([, theirs]) => theirs)), of(([a, b]) => a / b).toFixed(3)]];
  };
  const models = [...new Set(perItem.map(({ model }) => model))];
  return [
    ...models.flatMap((model) => {
      const its = perItem.filter((one) => one.model === model);
      return [
        ...line(
          `${model}: CPU an image, beside the bare loop`,
          'ms',
          its.map((one) => [one.agent_cpu_ms, one.bare_cpu_ms]),
        ),
        ...line(
          `${model}: images a second, beside as many bare loops as workers`,
          '/s',
          its.map((one) => [one.agent_items_per_s, one.bare_items_per_s]),
        ),
      ];
    }),
    ...line(
      'event loop of the supervisor, p99, beside an idle process',
      'ms',
      loop.map((one) => [one.p99_ms, one.idle_p99_ms]),
    ),
    ...line(
      'a study of a volume until delivered, beside its parts',
      'ms',
      volume.map((one) => [one.study_ms, partsOf_ms(one)]),
    ),
    ...line(
      'request p99 over a swap, beside undisturbed',
      'ms',
      swap.map((one) => [one.swap_p99_ms, one.undisturbed_p99_ms]),
    ),
    ...line(
      'a killed worker’s job answered, beside load + warm-up + run',
      'ms',
      kill.map((one) => [one.recovery_ms, one.bare_ms]),
    ),
    ...(memory === undefined
      ? []
      : line('resident memory at the end, beside a tenth of the way', 'MB', [[memory[1].rss_mb, memory[0].rss_mb]])),
  ];
}

function facts({ size, runs }: InferReport): string[] {
  const [{ volume = [], swap = [], kill = [], memory } = {}] = runs;
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return [
    `images of ${size.edge}×${size.edge}×16 bit, a real slice with noise; ${size.repetitions} repetitions, ours and bare in turn; as many workers as cores, one thread each`,
    ...(volume.length === 0
      ? []
      : [
          `volume: ${volume[0]?.slices} slices, ${volume[0]?.windows} windows; medians of its parts: decode ${median(volume, 'decode_ms')}, preprocess ${median(volume, 'preprocess_ms')}, model ${median(volume, 'infer_ms')}, SEG ${median(volume, 'encode_ms')} ms`,
        ]),
    ...(swap.length === 0
      ? []
      : [
          `swaps: ${sum(swap.map(({ answered }) => answered))} requests answered over ${swap.length}, ${sum(swap.map(({ byNew }) => byNew))} of them by the new release, ${sum(swap.map(({ failed }) => failed))} failed`,
        ]),
    ...(kill.length === 0
      ? []
      : [`kills: each job answered ${[...new Set(kill.map(({ results }) => results))].join(' or ')} time`]),
    ...(memory === undefined
      ? []
      : [
          `memory: after ${memory[0].jobs} jobs and ${memory[0].swaps} swaps, and after ${memory[1].jobs} and ${memory[1].swaps}`,
        ]),
  ];
}

const median = <K extends string>(all: readonly Readonly<Record<K, number>>[], key: K): number =>
  rounded(summaryOf(all.map((one) => one[key])).median);

const table = (report: InferReport): string[][] => lines(report.runs[0] ?? {});

export const plainReport = (report: InferReport): string =>
  [
    plainTable(head, table(report)),
    '',
    ...facts(report),
    machineLine(report.machine),
    '',
    plainGoals(report.goals),
    '',
  ].join('\n');

export const markdownReport = (report: InferReport): string =>
  [
    `${report.date.slice(0, 10)}, ${machineLine(report.machine)}, commit ${report.commit}.`,
    ...facts(report).map((fact) => `- ${fact}`),
    '',
    markdownGoals(report.goals),
    '',
    markdownTable(head, table(report)),
    '',
  ].join('\n');
