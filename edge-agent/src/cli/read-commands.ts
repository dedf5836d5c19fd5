import { runCommand } from '@collimator/shared/cli/output';
import { agentStatus } from '@collimator/shared/contracts/local-api';
import { Command } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { askAgent } from './api-client.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';
import { statusReport } from './status-report.ts';

const load = (file: string) => loadAgentConfig(file, process.env);

export const statusCommand = (): Command =>
  new Command('status')
    .description('what the running appliance does')
    .addOption(configOption())
    .addOption(formatOption())
    .action((options: WithConfig & WithOutput) =>
      runCommand(async () => {
        const status = await askAgent(load(options.config).local_api, '/v1/status', agentStatus);
        process.stdout.write(options.output === 'json' ? `${JSON.stringify(status, null, 2)}\n` : statusReport(status));
      }),
    );

export const configCommand = (): Command =>
  new Command('config').description('the configuration file').addCommand(
    new Command('check')
      .description('report every problem at once; exit code 2 when there is one')
      .addOption(configOption())
      .action((options: WithConfig) =>
        runCommand(async () => {
          load(options.config);
          process.stdout.write(`${options.config}: no problem found\n`);
        }),
      ),
  );
