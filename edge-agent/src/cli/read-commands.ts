import { print, runCommand } from '@collimator/shared/cli/output';
import { agentStatus } from '@collimator/shared/contracts/local-api';
import type { Destination } from '@collimator/shared/contracts/agent-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { Command } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { askAgent } from './api-client.ts';
import { echoPeer } from './echo-peer.ts';
import { configOption, formatOption, type WithConfig, type WithOutput } from './format-option.ts';
import { statusReport } from './status-report.ts';

const isOverTls = (d: Destination): boolean => (d.kind === 'dimse' ? d.tls !== undefined : d.url.startsWith('https:'));

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

export const peersCommand = (): Command =>
  new Command('peers')
    .description('the destinations of the configuration')
    .addCommand(
      new Command('list')
        .description('names, AE titles and addresses')
        .addOption(configOption())
        .addOption(formatOption())
        .action((options: WithConfig & WithOutput) =>
          runCommand(async () => {
            print(
              load(options.config).destinations,
              [
                { title: 'NAME', value: (d) => d.name },
                { title: 'KIND', value: (d) => d.kind },
                { title: 'AE TITLE', value: (d) => (d.kind === 'dimse' ? d.ae_title : null) },
                { title: 'ADDRESS', value: (d) => (d.kind === 'dimse' ? `${d.host}:${d.port}` : d.url) },
                { title: 'TLS', value: (d) => (isOverTls(d) ? 'yes' : 'no') },
              ],
              options.output,
            );
          }),
        ),
    )
    .addCommand(
      new Command('echo')
        .description('call a destination and send a C-ECHO')
        .argument('<name>', 'name of the destination')
        .addOption(configOption())
        .addOption(formatOption())
        .action((name: string, options: WithConfig & WithOutput) =>
          runCommand(async () => {
            const config = load(options.config);
            const destination = config.destinations.find((d) => d.name === name);
            if (destination === undefined) throw new CodedError('peer-unknown', name);
            if (destination.kind !== 'dimse') throw new CodedError('peer-echo-unsupported', name);
            print(
              [await echoPeer(destination, config.dicom.ae_title)],
              [
                { title: 'NAME', value: (r) => r.name },
                { title: 'AE TITLE', value: (r) => r.ae_title },
                { title: 'ADDRESS', value: (r) => r.address },
                { title: 'CONNECT MS', value: (r) => r.connect_ms },
                { title: 'ROUND TRIP MS', value: (r) => r.round_trip_ms },
              ],
              options.output,
            );
          }),
        ),
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
