import { exitCodes, runCommand } from '@collimator/shared/cli/output';
import { createCheckpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import { createLogger } from '@collimator/shared/observe/logger';
import { Command } from 'commander';
import { loadAgentConfig } from '../config/load-agent-config.ts';
import { codeOf, placeOf } from '../observe/code-of.ts';
import { configOption, type WithConfig } from './format-option.ts';
import { refusedByPolicy } from './refused.ts';

/** `collimator agent start`: runs until SIGTERM or SIGINT. */
export const startCommand = (): Command =>
  new Command('start')
    .description('run the appliance until SIGTERM or SIGINT')
    .addOption(configOption())
    .action((options: WithConfig) =>
      runCommand(async () => {
        const config = loadAgentConfig(options.config, process.env);
        const log = createLogger({ program: 'agent', level: config.log.level });
        failLoudly(log);
        const signalled = nextSignal();
        // Loaded here, so that the commands that only talk to an agent do not wait for all of it.
        const { startThisAgent } = await import('../main.ts');
        const agent = await startThisAgent({ config, log, checkpoint: createCheckpoint(process.env) });
        log.event('program-stopping', { signal: await signalled });
        await agent.stop();
        // What is still open now (a socket of a peer, a reading child) must not keep a stopped agent alive.
        process.exit(exitCodes.done);
      }, refusedByPolicy),
    );

const nextSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });

/** A fault that nobody handled leaves the process in an unknown state: it ends, and the service manager starts anew. */
function failLoudly(log: Log): void {
  const end = (error: unknown) => {
    log.event('program-failed', { code: codeOf(error), reason: placeOf(error) });
    process.exit(exitCodes.failed);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
