import type { CostReading } from '@collimator/edge-agent/study/queue/schedule/cost-model';
import type { SimDevice, SpeedChange } from './device-speed.ts';
import { costsOf } from './disciplines/production.ts';
import { releases } from './workload.ts';

export const scenarioNames = ['plain', 'device down', 'throttled', 'wrong costs', 'noise, costs unknown'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export type Scenario = {
  readonly devices: readonly SimDevice[];
  /** What the scheduler believes at first. */
  readonly costs: readonly CostReading[];
  readonly noise: number;
  /** Studies come until then. */
  readonly until_ms: number;
  /** Jobs that arrive from here up to there are counted. */
  readonly counted_ms: readonly [from: number, to: number];
};

const minute_ms = 60_000;
/** Speeds from the issue. */
export const speeds = { fast: 2.2, middle: 1, slow: 0.55 } as const;
export const summedSpeed = Object.values(speeds).reduce((sum, speed) => sum + speed, 0);
const warmUp_ms = 5 * minute_ms;
const disturbed_ms: readonly [number, number] = [10 * minute_ms, 20 * minute_ms];

/**
 * What is done to the devices and to what is believed of them. Disturbances last ten minutes and are of the fastest
 * device; the jobs that arrive while they last are counted.
 *
 * @param counted_ms how long jobs are counted in the scenarios that have no end of their own
 */
export function scenarioOf(name: ScenarioName, counted_ms: number): Scenario {
  const right = costsOf(releases, speeds);
  const steady = {
    noise: 0,
    until_ms: warmUp_ms + counted_ms,
    counted_ms: [warmUp_ms, warmUp_ms + counted_ms],
  } as const;
  const disturbed = { noise: 0, until_ms: disturbed_ms[1] + 5 * minute_ms, counted_ms: disturbed_ms } as const;
  const during = (factor: number): SpeedChange[] => [
    { from_ms: disturbed_ms[0], factor },
    { from_ms: disturbed_ms[1], factor: 1 },
  ];
  switch (name) {
    case 'plain':
      return { ...steady, devices: devicesWith([]), costs: right };
    case 'device down':
      return { ...disturbed, devices: devicesWith(during(0)), costs: right };
    case 'throttled':
      return { ...disturbed, devices: devicesWith(during(0.3)), costs: right };
    case 'wrong costs':
      // The slowest is taken for the fastest, and the other way round; what is counted starts at once.
      return {
        ...{ noise: 0, until_ms: 10 * minute_ms, counted_ms: [0, 10 * minute_ms] },
        devices: devicesWith([]),
        costs: costsOf(releases, { fast: speeds.slow, middle: speeds.middle, slow: speeds.fast }),
      };
    case 'noise, costs unknown':
      return {
        ...{ noise: 0.3, until_ms: counted_ms, counted_ms: [0, counted_ms] },
        devices: devicesWith([]),
        costs: [],
      };
  }
}

const devicesWith = (ofTheFastest: readonly SpeedChange[]): SimDevice[] =>
  Object.entries(speeds).map(([name, speed]) => ({ name, speed, changes: name === 'fast' ? ofTheFastest : [] }));
