import type { PreprocessingOp } from '@collimator/shared/contracts/release';
import { type FittedPreprocessing, fitPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { atMost, type Goal, goalOf, type Report, rounded, summaryOf, thisCommit, thisMachine } from '../report.ts';

/** CPU time of one slice, with what it was preprocessed by. */
export type Run = {
  readonly name: string;
  /** `fused` is what the appliance and the trainer run; `op by op` passes over the image once for each op. */
  readonly way: 'fused' | 'op by op';
  readonly repetition: number;
  readonly cpu_ms_per_slice: number;
};

export type BenchSize = { readonly slices: number; readonly repetitions: number };
export const fullSize: BenchSize = { slices: 300, repetitions: 9 };
export const quickSize: BenchSize = { slices: 40, repetitions: 3 };

const EDGE = 512;

type Case = { readonly name: string; readonly ops: readonly PreprocessingOp[]; readonly full?: true };

/** The first is the one that has a goal: 512×512 → 224×224 with rescale, window, resize and normalise. */
export const cases: readonly [Case, ...Case[]] = [
  {
    name: 'rescale, window, resize 224, normalise',
    ops: [
      { op: 'modality-lut' },
      { op: 'window', center: 40, width: 400, to: [0, 1] },
      { op: 'resize', size: [224, 224], interpolation: 'bilinear', antialias: true },
      { op: 'normalize', mean: [0.449], std: [0.226] },
    ],
  },
  {
    name: 'rescale, clip, scale, resize 256',
    ops: [
      { op: 'modality-lut' },
      { op: 'clip', low: -160, high: 240 },
      { op: 'scale', from: 'clip', to: [0, 1] },
      { op: 'resize', size: [256, 256], interpolation: 'bilinear', antialias: true },
    ],
  },
  {
    // The window leaves no column 0, so every sum of the resize has to be worked out.
    name: 'as the first, without air',
    full: true,
    ops: [
      { op: 'modality-lut' },
      { op: 'window', center: 40, width: 400, to: [0, 1] },
      { op: 'resize', size: [224, 224], interpolation: 'bilinear', antialias: true },
      { op: 'normalize', mean: [0.449], std: [0.226] },
    ],
  },
  {
    name: 'rescale, window, no resize',
    ops: [{ op: 'modality-lut' }, { op: 'window', center: 40, width: 400, to: [0, 1] }],
  },
];

/** A CT slice of 12 bits: a body in air, with noise that is always the same. */
export function syntheticSlice(full = false): SourceSlice {
  let state = 20_261_128;
  const pixels = Int16Array.from({ length: EDGE * EDGE }, (_, i) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    const [row, column] = [Math.floor(i / EDGE) - EDGE / 2, (i % EDGE) - EDGE / 2];
    const body = full || (row / 170) ** 2 + (column / 220) ** 2 < 1;
    return (body ? 1064 : 24) + (state >> 24) - 64;
  });
  return { pixels, rows: EDGE, columns: EDGE, slope: 1, intercept: -1024 };
}

/** CPU milliseconds of this process for each of so many calls. */
export function cpuPerCall_ms(calls: number, work: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < calls; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / calls;
}

/** Measures every case in both ways in turn, so that what else the machine does falls on both. */
export function runPreprocessBench({ slices, repetitions }: BenchSize, progress: (text: string) => void): Report<Run> {
  const runs: Run[] = [];
  for (const { name, ops, full } of cases) {
    progress(name);
    const slice = syntheticSlice(full);
    const fused = fitPreprocessing([slice], ops);
    const { tables: _, ...opByOp } = fused;
    const ways: readonly (readonly [Run['way'], FittedPreprocessing, number])[] = [
      ['fused', fused, slices],
      ['op by op', opByOp, Math.ceil(slices / 5)],
    ];
    for (const [, fitted, calls] of ways) cpuPerCall_ms(calls, () => preprocessSlice(slice, fitted));
    for (let repetition = 1; repetition <= repetitions; repetition++)
      for (const [way, fitted, calls] of ways)
        runs.push({
          ...{ name, way, repetition },
          cpu_ms_per_slice: cpuPerCall_ms(calls, () => preprocessSlice(slice, fitted)),
        });
  }
  return { machine: thisMachine(), commit: thisCommit(), date: new Date().toISOString(), goals: goalsOf(runs), runs };
}

function goalsOf(runs: readonly Run[]): readonly Goal[] {
  const [{ name }] = cases;
  const its = runs.filter((run) => run.name === name && run.way === 'fused');
  return [
    goalOf(
      'preprocess_ms',
      its.map((run) => run.cpu_ms_per_slice),
      'ms',
      atMost(0.5),
    ),
  ];
}

/** A line for each case: the medians, and how many times faster the fused way is. */
export function linesOf(runs: readonly Run[]): string[][] {
  return cases.map(({ name }) => {
    const of = (way: Run['way']) =>
      summaryOf(runs.filter((run) => run.name === name && run.way === way).map((run) => run.cpu_ms_per_slice));
    const [fused, plain] = [of('fused'), of('op by op')];
    return [
      name,
      ...[fused.median, fused.lowest, plain.median, plain.median / fused.median].map((value) => String(rounded(value))),
    ];
  });
}

export const head = ['512×512, 16 bit', 'fused, CPU ms', 'lowest', 'op by op, CPU ms', 'times'] as const;
