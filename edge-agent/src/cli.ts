import { Command } from 'commander';
import { enrolCommand } from './cli/enrol-command.ts';
import { configCommand, statusCommand } from './cli/read-commands.ts';
import { quarantineCommand } from './cli/quarantine-command.ts';
import { studiesCommand } from './cli/studies-command.ts';
import { peersCommand } from './cli/peers-command.ts';
import { startCommand } from './cli/start-command.ts';

/** `collimator agent …` */
export const agentCommand = (): Command =>
  new Command('agent')
    .description('the appliance in the hospital')
    .addCommand(enrolCommand())
    .addCommand(startCommand())
    .addCommand(statusCommand())
    .addCommand(studiesCommand())
    .addCommand(quarantineCommand())
    .addCommand(peersCommand())
    .addCommand(configCommand());
