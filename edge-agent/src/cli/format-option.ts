import type { OutputFormat } from '@collimator/shared/cli/output';
import { Option } from 'commander';

export const formatOption = (): Option =>
  new Option('-o, --output <format>', 'how results are printed').choices(['table', 'json']).default('table');

export const configOption = (): Option =>
  new Option('--config <file>', 'configuration of the appliance').default('/etc/collimator/agent.yaml');

export type WithConfig = { readonly config: string };
export type WithOutput = { readonly output: OutputFormat };
