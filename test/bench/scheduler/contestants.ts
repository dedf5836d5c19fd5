import { summed } from './device-speed.ts';
import { createCentral } from './disciplines/central.ts';
import { createDispatched } from './disciplines/dispatched.ts';
import { createProduction } from './disciplines/production.ts';
import type { Scenario } from './scenarios.ts';
import { type Simulated, simulate, type World } from './simulate.ts';

export const ours = 'collimator';
export const reference = 'one server of the summed speed';

/** All that are compared, with the one that the others are measured against first. */
export const contestants: Readonly<Record<string, (world: World, scenario: Scenario) => Simulated>> = {
  [reference](world) {
    const alone = { ...world, devices: [summed(world.devices)] };
    return simulate(alone, createCentral(alone, { whole: false }));
  },
  [ours]: (world, { costs }) => simulate(world, createProduction(world, costs)),
  'central FIFO, by batch': (world) => simulate(world, createCentral(world, { whole: false })),
  'central FIFO': (world) => simulate(world, createCentral(world, { whole: true })),
  'shortest expected delay': (world) => simulate(world, createDispatched(world, 'shortest expected delay')),
  'least outstanding': (world) => simulate(world, createDispatched(world, 'least outstanding')),
  'round robin': (world) => simulate(world, createDispatched(world, 'round robin')),
};
