import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { loadConfig } from '@collimator/shared/config/load-config';
import { hubConfig } from '@collimator/shared/contracts/hub-config';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Command } from 'commander';
import { createHubClient, type HubClient } from './hub-client.ts';
import type { HubEndpoint } from './request-hub.ts';

/** How a command was told which hub to talk to. */
export type ContextOptions = {
  readonly config?: string;
  readonly hub?: string;
  readonly ca?: string;
  readonly tokenFile?: string;
};

/** Adds the options that `hubContext` reads. */
export const withHubOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'hub.yaml of the hub, on its own machine (or COLLIMATOR_HUB_CONFIG)')
    .option('--hub <url>', 'address of the hub (or COLLIMATOR_HUB_URL)')
    .option('--ca <file>', 'root certificate of the hub (or COLLIMATOR_HUB_CA)')
    .option('--token-file <file>', 'file with the operator token (or COLLIMATOR_HUB_TOKEN_FILE)');

/**
 * Flags win over the configuration file, which wins over the environment.
 * @throws CodedError `operator-context-missing`, `config-*`
 */
export function hubContext(options: ContextOptions, env: NodeJS.ProcessEnv): HubEndpoint {
  const file = options.config ?? env['COLLIMATOR_HUB_CONFIG'];
  const fromFile = file === undefined ? undefined : contextOfConfig(file, env);
  const url = options.hub ?? fromFile?.url ?? env['COLLIMATOR_HUB_URL'];
  const ca = options.ca ?? fromFile?.ca ?? env['COLLIMATOR_HUB_CA'];
  const tokenFile = options.tokenFile ?? fromFile?.tokenFile ?? env['COLLIMATOR_HUB_TOKEN_FILE'];
  const missing = [url === undefined && '--hub', ca === undefined && '--ca', tokenFile === undefined && '--token-file'];
  if (url === undefined || ca === undefined || tokenFile === undefined) {
    throw new CodedError('operator-context-missing', `${missing.filter(Boolean).join(', ')} not given`);
  }
  // The token would travel for everybody to read.
  if (!url.startsWith('https://')) throw new CodedError('config-invalid', `--hub: ${url} does not begin with https://`);
  return { url, ca: read(ca), token: read(tokenFile).trim() };
}

/** Runs an action with a client of the hub that the options name, and closes it. */
export async function withHub<T>(options: ContextOptions, action: (hub: HubClient) => Promise<T>): Promise<T> {
  const client = createHubClient(hubContext(options, process.env));
  try {
    return await action(client);
  } finally {
    await client.close();
  }
}

function contextOfConfig(file: string, env: NodeJS.ProcessEnv) {
  const config = loadConfig(hubConfig, file, { env, envPrefix: 'COLLIMATOR_HUB' });
  const path = (name: string) => resolve(dirname(file), name);
  return {
    url: config.http.public_url ?? `https://127.0.0.1:${config.http.port}`,
    ca: path(config.authority.root),
    tokenFile: path(config.operators.token_file),
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CodedError('config-unreadable', `${file} (${(cause as NodeJS.ErrnoException).code})`, { cause });
  }
}
