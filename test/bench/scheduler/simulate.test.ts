import { describe, expect, it } from 'vitest';
import { contestants } from './contestants.ts';
import { doneAt_ms, type SimDevice, summed } from './device-speed.ts';
import { createCentral } from './disciplines/central.ts';
import { createEventQueue } from './event-queue.ts';
import { createRandom, exponential } from './random.ts';
import { scenarioNames, scenarioOf, summedSpeed } from './scenarios.ts';
import { type Discipline, simulate, type World } from './simulate.ts';
import { estimate, mean, quantile, t95 } from './statistics.ts';
import {
  drawJobs,
  meanStudyWork_ms,
  releases,
  type SimJob,
  work_ms,
  type WorkloadName,
  workloads,
} from './workload.ts';

const minute_ms = 60_000;

/** Single jobs by Poisson whose service is exponential with a mean of 1,000 ms, on one device of speed 1. */
function exponentialQueue(seed: number, load: number, statShare: number, jobs: number): World {
  const random = createRandom(seed);
  let now_ms = 0;
  return {
    releases: [{ name: 'exponential', fixed_ms: 0, perItem_ms: 1, batch: 1e9 }],
    devices: [{ name: 'only', speed: 1, changes: [] }],
    jobs: Array.from({ length: jobs }, (_, id): SimJob => {
      now_ms += exponential(random, load / 1_000);
      const items = Math.max(1, Math.round(exponential(random, 1 / 1_000)));
      return { id, study: id, release: 0, items, stat: random() < statShare, arrival_ms: now_ms };
    }),
    ...{ seed, noise: 0 },
  };
}

/** Mean response over seeds of the jobs that fit, in units of the mean service time, with its interval. */
const responseOf = (statShare: number, fits: (job: SimJob) => boolean) =>
  estimate(
    Array.from({ length: 12 }, (_, seed) => {
      const world = exponentialQueue(seed, 0.7, statShare, 20_000);
      const { response_ms } = simulate(world, createCentral(world, { whole: true }));
      return mean(world.jobs.filter(fits).map(({ id }) => (response_ms[id] as number) / 1_000));
    }),
  );

describe('the simulator, against theory', () => {
  it('has the mean response of M/M/1: 1 / (μ - λ)', () => {
    const { mean, low, high } = responseOf(0, () => true);
    expect(mean).toBeGreaterThan(3.1);
    expect(mean).toBeLessThan(3.6);
    expect(low - 0.1).toBeLessThan(1 / 0.3);
    expect(high + 0.1).toBeGreaterThan(1 / 0.3);
  });

  it("has Cobham's mean waits of two classes that do not interrupt each other", () => {
    // W0 = ρ; first class W0 / (1 - ρ1), second W0 / ((1 - ρ1)(1 - ρ)).
    const [rho, first] = [0.7, 0.7 * 0.3];
    expect(responseOf(0.3, ({ stat }) => stat).mean / (1 + rho / (1 - first))).toBeCloseTo(1, 1);
    expect(responseOf(0.3, ({ stat }) => !stat).mean / (1 + rho / ((1 - first) * (1 - rho)))).toBeCloseTo(1, 1);
  });

  it('brings the load that it is asked for', () => {
    for (const workload of Object.values(workloads)) {
      const duration_ms = 4_000 * minute_ms;
      const jobs = drawJobs(workload, 1, 0.7, summedSpeed, duration_ms);
      const sum_ms = jobs.reduce((sum, job) => sum + work_ms(releases[job.release]!, job.items), 0);
      expect(sum_ms / duration_ms / summedSpeed).toBeCloseTo(0.7, 1);
      const studies = (jobs.at(-1)?.study ?? 0) + 1;
      expect(sum_ms / studies / meanStudyWork_ms(workload)).toBeCloseTo(1, 1);
      expect(jobs.filter(({ stat }) => stat).length / jobs.length).toBeCloseTo(0.1, 1);
    }
  });
});

function worldOf(workload: WorkloadName, name: (typeof scenarioNames)[number], seed: number) {
  const scenario = scenarioOf(name, 4 * minute_ms);
  const jobs = drawJobs(workloads[workload], seed, 0.7, summedSpeed, scenario.until_ms);
  return { scenario, world: { releases, devices: scenario.devices, jobs, seed, noise: scenario.noise } };
}

describe('every contestant', () => {
  it.each(Object.keys(contestants))('%s ends every job, and does no work that is not asked for', (name) => {
    for (const scenarioName of scenarioNames) {
      const { world, scenario } = worldOf('alike', scenarioName, 3);
      const { response_ms, work_ms: done_ms } = contestants[name]!(world, scenario);
      expect(response_ms.every((response) => response > 0)).toBe(true);
      const perItem_ms = world.jobs.reduce((sum, job) => sum + releases[job.release]!.perItem_ms * job.items, 0);
      const batched_ms = world.jobs.reduce((sum, job) => sum + work_ms(releases[job.release]!, job.items), 0);
      // Nobody can do with fewer runs than full batches; who cuts finer pays the fixed cost more often.
      expect(done_ms).toBeGreaterThanOrEqual(batched_ms - 1e-3);
      expect(done_ms).toBeLessThan(batched_ms + (batched_ms - perItem_ms) * 3);
    }
  });

  it.each(Object.keys(contestants))('%s does the same for the same seed, and something else for another', (name) => {
    const responses = [1, 1, 2].map((seed) => {
      const { world, scenario } = worldOf('volumes', 'noise, costs unknown', seed);
      return [...contestants[name]!(world, scenario).response_ms];
    });
    expect(responses[0]).toEqual(responses[1]);
    expect(responses[0]).not.toEqual(responses[2]);
  });

  it('is held to the rules', () => {
    const { world } = worldOf('alike', 'plain', 1);
    const [first] = world.jobs;
    const cheat = (runs: (job: SimJob) => ReturnType<Discipline['next']>): Discipline => ({
      ...{ arrive: () => undefined, ended: () => undefined, setUp: () => undefined },
      next: () => (first === undefined ? [] : runs(first)),
    });
    const run = (job: SimJob, items: number) => ({ device: 0, job, from: 0, items });
    expect(() =>
      simulate(
        world,
        cheat((job) => [run(job, 1), run(job, 1)]),
      ),
    ).toThrow('not free');
    expect(() =>
      simulate(
        world,
        cheat((job) => [run(job, job.items + 1)]),
      ),
    ).toThrow('has not');
    expect(() =>
      simulate(
        world,
        cheat(() => []),
      ),
    ).toThrow('never done');
    let busy = false;
    const twice: Discipline = {
      ...cheat((job) => (busy ? [] : ((busy = true), [run(job, job.items)]))),
      ended: () => (busy = false),
    };
    expect(() => simulate(world, twice)).toThrow('ran twice');
  });
});

describe('a device', () => {
  const device: SimDevice = {
    ...{ name: 'a', speed: 2 },
    changes: [
      { from_ms: 100, factor: 0.5 },
      { from_ms: 200, factor: 0 },
    ],
  };

  it('works at the speed that it has at the time', () => {
    expect(doneAt_ms(device, 0, 100)).toBe(50);
    expect(doneAt_ms(device, 50, 150)).toBe(150);
    expect(doneAt_ms(device, 150, 100)).toBe(Number.POSITIVE_INFINITY);
  });

  it('is in sum with others as fast as they are together', () => {
    const both = summed([device, { name: 'b', speed: 1, changes: [] }]);
    expect(both.speed).toBe(3);
    expect(doneAt_ms(both, 0, 300)).toBe(100);
    expect(doneAt_ms(both, 100, 200)).toBe(200);
    expect(doneAt_ms(both, 200, 10)).toBe(210);
  });
});

describe('statistics', () => {
  it('takes quantiles by nearest rank', () => {
    expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
    expect(
      quantile(
        Array.from({ length: 100 }, (_, n) => 100 - n),
        0.99,
      ),
    ).toBe(99);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it("has Student's intervals", () => {
    expect(t95(1)).toBeCloseTo(12.706, 3);
    expect(t95(19)).toBeCloseTo(2.093, 2);
    expect(t95(1_000)).toBeCloseTo(1.962, 2);
    const { mean, low, high } = estimate([1, 2, 3]);
    expect([mean, low, high].map((value) => value.toFixed(2))).toEqual(['2.00', '-0.48', '4.48']);
  });

  it('hands events out by time, and in order at the same time', () => {
    const events = createEventQueue<string>();
    for (const [at_ms, event] of [
      [3, 'd'],
      [1, 'a'],
      [2, 'b'],
      [2, 'c'],
      [9, 'e'],
    ] as const)
      events.push(at_ms, event);
    expect(Array.from({ length: 6 }, () => events.pop()?.event)).toEqual(['a', 'b', 'c', 'd', 'e', undefined]);
  });
});
