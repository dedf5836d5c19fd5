import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Report, thisCommit, thisMachine } from '../report.ts';
import { createLoadMaker, type LoadMaker } from '../dicom/load.ts';
import { denseNetRelease, tinyRelease, unet2dRelease, unet3dRelease } from './declarations.ts';
import { goalsOf } from './goals.ts';
import { type Kill, measureKill } from './measures/kill.ts';
import { type LoopUnderLoad, measureLoopUnderLoad } from './measures/loop-under-load.ts';
import { measureMemory, type Memory } from './measures/memory.ts';
import { measurePerItem, type PerItem } from './measures/per-item.ts';
import { measureSwap, type Swap } from './measures/swap.ts';
import { measureVolumeStudy, type VolumeStudy } from './measures/volume-study.ts';
import { writeBenchRelease } from './releases.ts';

export const parts = ['per-item', 'loop', 'volume', 'swap', 'kill', 'memory'] as const;
export type Part = (typeof parts)[number];

export type InferSize = {
  readonly repetitions: number;
  /** Rows and columns of the images. */
  readonly edge: number;
  readonly classified: number;
  readonly segmented: number;
  readonly volumeSlices: number;
  /** Images that keep the devices busy while others come in, and how many those are. */
  readonly busy: number;
  readonly arriving: number;
  readonly killed: number;
  readonly phase_ms: number;
  readonly jobs: readonly [number, number];
  readonly swaps: readonly [number, number];
};

export const fullSize: InferSize = {
  ...{ repetitions: 5, edge: 512, classified: 288, segmented: 96, volumeSlices: 300, busy: 96, arriving: 600 },
  ...{ killed: 48, phase_ms: 20_000, jobs: [200, 2_000], swaps: [3, 30] },
};
export const quickSize: InferSize = {
  ...{ ...fullSize, repetitions: 1, classified: 96, segmented: 32, volumeSlices: 100, busy: 32, arriving: 200 },
  ...{ killed: 24, phase_ms: 8_000, jobs: [40, 200], swaps: [2, 8] },
};

/** What was measured; absent what this call left out. */
export type InferRuns = {
  readonly perItem?: readonly PerItem[];
  readonly loop?: readonly LoopUnderLoad[];
  readonly volume?: readonly VolumeStudy[];
  readonly swap?: readonly Swap[];
  readonly kill?: readonly Kill[];
  readonly memory?: readonly [Memory, Memory];
};

export type InferReport = Report<InferRuns> & { readonly size: InferSize };

export type InferOptions = {
  /** Everything is written below this folder, which must be on a real disk; it is emptied at the end. */
  readonly dir: string;
  readonly size: InferSize;
  readonly only?: readonly Part[];
  readonly progress: (text: string) => void;
};

/** The appliance beside bare loops: what an image costs, what a swap and a crash cost, and what stays in memory. */
export async function runInferBench({ dir, size, only = parts, progress }: InferOptions): Promise<InferReport> {
  const work = join(dir, 'bench-infer');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  try {
    const maker = createLoadMaker(join(work, 'load'));
    const runs: InferRuns = {};
    for (const part of parts.filter((one) => only.includes(one))) {
      progress(part);
      Object.assign(runs, await measurements[part]({ folder: join(work, part), size, maker, progress }));
    }
    const base = { machine: thisMachine(), commit: thisCommit(), date: new Date().toISOString(), size };
    return { ...base, goals: goalsOf(runs), runs: [runs] };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

type Context = {
  readonly folder: string;
  readonly size: InferSize;
  readonly maker: LoadMaker;
  readonly progress: (text: string) => void;
};

const each = <T>(count: number, make: (nth: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i + 1));
const seriesOf = ({ maker, size }: Context, name: string, images: number): readonly (readonly string[])[] =>
  each(size.repetitions, (nth) => maker.images(`${name}-${nth}`, images, size.edge).files);

/** Work for the devices that does not end while one job is planned and another concluded. */
const JOBS_AT_ONCE = 4;
const seriesAtOnce = ({ maker, size }: Context, name: string, images: number): readonly (readonly string[])[] =>
  each(JOBS_AT_ONCE, (nth) => maker.images(`${name}-${nth}`, images / JOBS_AT_ONCE, size.edge).files);

const measurements: Readonly<Record<Part, (context: Context) => Promise<InferRuns>>> = {
  async 'per-item'(context) {
    const { folder, size, progress } = context;
    const perItem: PerItem[] = [];
    for (const [declared, images] of [
      [denseNetRelease, size.classified],
      [unet2dRelease, size.segmented],
    ] as const) {
      const into = join(folder, declared.name);
      const release = await writeBenchRelease(join(into, 'release'), declared, '1.0.0');
      const series = each(size.repetitions, (nth) => seriesAtOnce(context, `${declared.name}-${nth}`, images));
      perItem.push(...(await measurePerItem({ folder: into, release, series, progress })));
    }
    return { perItem };
  },
  async loop(context) {
    const { folder, size } = context;
    const release = await writeBenchRelease(join(folder, 'release'), unet2dRelease, '1.0.0');
    const [first, arriving] = [seriesOf(context, 'busy', size.busy), seriesOf(context, 'arriving', size.arriving)];
    const rounds = first.map((files, i) => ({ first: files, meanwhile: arriving[i] ?? [] }));
    return { loop: await measureLoopUnderLoad(folder, release, rounds) };
  },
  async volume(context) {
    const { folder, size } = context;
    const release = await writeBenchRelease(join(folder, 'release'), unet3dRelease, '1.0.0');
    return { volume: await measureVolumeStudy(folder, release, seriesOf(context, 'volume', size.volumeSlices)) };
  },
  async swap({ folder, size }) {
    const release = await writeBenchRelease(join(folder, 'release'), denseNetRelease, '1.0.0');
    return { swap: await measureSwap(folder, release, size.repetitions, size.phase_ms) };
  },
  async kill(context) {
    const { folder, size } = context;
    const release = await writeBenchRelease(join(folder, 'release'), unet2dRelease, '1.0.0');
    return { kill: await measureKill(folder, release, seriesOf(context, 'killed', size.killed)) };
  },
  async memory({ folder, size, maker, progress }) {
    const release = await writeBenchRelease(join(folder, 'release'), tinyRelease, '1.0.0');
    const studies = (from: number, count: number): readonly string[] =>
      maker.studies(`memory-${from}`, count, count).files;
    const [[firstJobs, jobs], [firstSwaps, swaps]] = [size.jobs, size.swaps];
    const plan = { firstJobs, jobs, firstSwaps, swaps, studies, progress };
    return { memory: await measureMemory(folder, release, plan) };
  },
};
