import { Command } from 'commander';
import { devicesCommand } from './cli/devices.ts';
import { configCommand, startCommand } from './cli/start.ts';
import { modelsCommand } from './cli/models.ts';
import { rolloutsCommand } from './cli/rollouts.ts';
import { runsCommand } from './cli/runs.ts';

/** `collimator hub …` */
export function hubCommand(): Command {
  return new Command('hub')
    .description('the hub: trains models, knows the fleet, rolls out')
    .addCommand(startCommand())
    .addCommand(configCommand())
    .addCommand(devicesCommand())
    .addCommand(modelsCommand())
    .addCommand(runsCommand())
    .addCommand(rolloutsCommand());
}
