import { createRandom, exponential, type Random } from './random.ts';

/** A model, and what a run of n items costs on a device of speed 1: `fixed_ms + perItem_ms × n`. */
export type SimRelease = {
  readonly name: string;
  readonly fixed_ms: number;
  readonly perItem_ms: number;
  /** What fills its best batch. */
  readonly batch: number;
};

/** A job: one series of a study under one release, as in the agent. */
export type SimJob = {
  readonly id: number;
  readonly study: number;
  readonly release: number;
  readonly items: number;
  readonly stat: boolean;
  readonly arrival_ms: number;
};

/** Costs from the issue: two models that look at slices, and one that looks at windows of a volume. */
export const releases: readonly SimRelease[] = [
  { name: '6 + 4 n', fixed_ms: 6, perItem_ms: 4, batch: 32 },
  { name: '8 + 9 n', fixed_ms: 8, perItem_ms: 9, batch: 16 },
  { name: '30 + 150 n', fixed_ms: 30, perItem_ms: 150, batch: 4 },
];

export const seriesMax = 5;
export const statShare = 0.1;

/** How large series are: log-normal, cut off, at least 1. */
export type Sizes = { readonly median: number; readonly sigma: number; readonly max: number };

/** What the issue leaves open: the items of a series. */
export type Workload = {
  readonly name: string;
  readonly sizes: Sizes;
  /** Items that a release makes of a series of this size. */
  readonly itemsOf: (release: SimRelease, size: number) => number;
};

/** Slices that a window of the third model moves on by: 16 deep, half overlapping. */
const windowStep_slices = 8;

/**
 * `alike`: a series has its n whichever model reads it, as the issue has it; so few that STAT p99 comes near the 2.5 s
 * of the simulation that the goals are from. `volumes`: series of MR and CT size, of which the third model
 * reads windows; its jobs differ less, so their order matters less.
 */
export const workloads = {
  alike: { name: 'alike', sizes: { median: 5, sigma: 0.9, max: 300 }, itemsOf: (_, size) => size },
  volumes: {
    name: 'volumes',
    sizes: { median: 40, sigma: 0.9, max: 400 },
    itemsOf: ({ batch }, size) => (batch === 4 ? Math.ceil(size / windowStep_slices) : size),
  },
} as const satisfies Readonly<Record<string, Workload>>;
export type WorkloadName = keyof typeof workloads;
export const workloadNames: readonly WorkloadName[] = ['alike', 'volumes'];

/** Work of a job on a device of speed 1, in batches of the best size. */
export function work_ms({ fixed_ms, perItem_ms, batch }: SimRelease, items: number): number {
  return fixed_ms * Math.ceil(items / batch) + perItem_ms * items;
}

/** Probability that a series has at most so many items or slices; index 0 is one. */
export function distributionOf({ median, sigma, max }: Sizes): number[] {
  const weights = Array.from({ length: max }, (_, index) => {
    const z = Math.log((index + 1) / median) / sigma;
    return Math.exp((-z * z) / 2) / (index + 1);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  return weights.map((weight) => (upTo += weight) / total);
}

/** Mean work of a study at speed 1, exactly. */
export function meanStudyWork_ms({ sizes, itemsOf }: Workload): number {
  const distribution = distributionOf(sizes);
  let mean_ms = 0;
  for (const release of releases) {
    for (const [index, upTo] of distribution.entries()) {
      const probability = upTo - (distribution[index - 1] ?? 0);
      mean_ms += (probability * work_ms(release, itemsOf(release, index + 1))) / releases.length;
    }
  }
  return (mean_ms * (1 + seriesMax)) / 2;
}

/**
 * Studies that come by themselves (Poisson) for `duration_ms`. The load is that of devices of `speed` in sum: mean work
 * of what comes in a time, divided by the speed. Each study has a release, 1 to 5 series of independent sizes, and one
 * in ten is STAT; its jobs come together, when it is complete.
 */
export function drawJobs(workload: Workload, seed: number, load: number, speed: number, duration_ms: number): SimJob[] {
  const random = createRandom(seed);
  const distribution = distributionOf(workload.sizes);
  const studiesPer_ms = (load * speed) / meanStudyWork_ms(workload);
  const jobs: SimJob[] = [];
  let study = 0;
  for (let now_ms = exponential(random, studiesPer_ms); now_ms < duration_ms; study++) {
    const release = Math.floor(random() * releases.length);
    const stat = random() < statShare;
    const series = 1 + Math.floor(random() * seriesMax);
    for (let index = 0; index < series; index++) {
      const items = workload.itemsOf(releases[release] as SimRelease, drawSize(distribution, random));
      jobs.push({ id: jobs.length, study, release, items, stat, arrival_ms: now_ms });
    }
    now_ms += exponential(random, studiesPer_ms);
  }
  return jobs;
}

function drawSize(distribution: readonly number[], random: Random): number {
  const at = random();
  let [low, high] = [0, distribution.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((distribution[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}
