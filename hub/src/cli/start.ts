import { readFileSync } from 'node:fs';
import { runCommand } from '@collimator/shared/cli/output';
import { CodedError, describeError } from '@collimator/shared/errors/coded-error';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import { createLogger } from '@collimator/shared/observe/logger';
import { Command } from 'commander';
import { loadHubConfig } from '../config/load-hub-config.ts';
import type { Hub } from '../main.ts';

/** A stop that takes longer than this ends the process all the same; everything acknowledged is on the disk. */
const stopMsMax = 15_000;

type ConfigOption = { readonly config: string };

/** `collimator hub start --config hub.yaml` */
export const startCommand = (): Command =>
  new Command('start')
    .description('start the hub and run until SIGTERM or SIGINT')
    .requiredOption('--config <file>', 'hub.yaml')
    .action(async ({ config }: ConfigOption) => {
      await runCommand(() => start(config));
      // What is still open now must keep neither a stopped hub alive nor one that could not start.
      process.exit();
    });

/** `collimator hub config check --config hub.yaml` */
export const configCommand = (): Command =>
  new Command('config').description('the configuration of the hub').addCommand(
    new Command('check')
      .description('report every problem of a configuration at once')
      .requiredOption('--config <file>', 'hub.yaml')
      .action(({ config }: ConfigOption) =>
        runCommand(async () => {
          loadHubConfig(config, process.env);
          process.stdout.write(`${config}: no problems\n`);
        }),
      ),
  );

async function start(file: string): Promise<void> {
  const config = loadHubConfig(file, process.env);
  const log = createLogger({ program: 'hub', level: config.log.level });
  const version = packageVersion();
  const stopRequested = signalled();
  // Loaded here, so that the commands that only talk to a hub do not wait for all of it.
  const { startHub } = await import('../main.ts');
  let hub: Hub;
  try {
    hub = await startHub(config, { log, version, checkpoint: createCheckpoint(process.env) });
  } catch (thrown) {
    const error = listenError(thrown);
    const code = error instanceof CodedError ? error.code : 'hub-internal';
    log.event('program-failed', { code, reason: describeError(error) });
    throw error;
  }
  log.event('program-started', {
    version,
    http_port: hub.httpPort,
    ...(hub.mqttPort !== undefined && { mqtt_port: hub.mqttPort }),
  });
  log.event('program-stopping', { signal: await stopRequested });
  const overdue = setTimeout(() => {
    log.event('program-failed', { code: 'hub-internal', reason: `did not stop within ${stopMsMax} ms` });
    process.exit(1);
  }, stopMsMax);
  await hub.stop();
  clearTimeout(overdue);
}

/** A port that cannot be had is for the operator to mend, not a defect of ours. */
function listenError(error: unknown): unknown {
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall !== 'listen') return error;
  return new CodedError('listen-failed', `${address}:${port} (${code})`, { cause: error });
}

/** Listened to before anything is started: a signal that comes early is not lost. */
const signalled = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });

function packageVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
}
