import { type OutputFormat, runCommand } from '@collimator/shared/cli/output';
import { type ContextOptions, withHub, withHubOptions } from '@collimator/provisioning/operator/hub-context';
import type { HubClient } from '@collimator/provisioning/operator/hub-client';
import { type Command, Option } from 'commander';

export type CommonOptions = ContextOptions & { readonly output: OutputFormat };

/** A command that talks to a hub: which hub, and how to print. */
export const hubOptions = (command: Command): Command =>
  withHubOptions(command).addOption(
    new Option('-o, --output <format>', 'output format').choices(['table', 'json']).default('table'),
  );

/** Codes that mean "not allowed": exit code 3 (DESIGN section 5). */
const refusals = new Set<string>([
  'device-retired',
  'operator-unauthorized',
  'release-not-signed',
  'rollout-device-unknown',
  'run-release-taken',
]);

export const onHub = (options: ContextOptions, action: (hub: HubClient) => Promise<void>): Promise<void> =>
  runCommand(
    () => withHub(options, action),
    (error) => refusals.has(error.code),
  );
