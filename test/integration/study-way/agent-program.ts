import { createLogger } from '@collimator/shared/observe/logger';
import { type AgentOptions, startAgent } from './agent.ts';

/**
 * `agent.ts` as a process that a test can kill. Its options are JSON in the first argument; prints `listening <port>`.
 * SIGUSR2 releases everything in the quarantine.
 */
const options = JSON.parse(process.argv[2] ?? '') as AgentOptions;
const agent = await startAgent({ ...options, log: createLogger({ program: 'agent', level: 'debug' }) });
process.once('SIGTERM', () => void agent.close());
process.on('SIGUSR2', () => {
  for (const { entryId } of agent.way.quarantine.kept(100)) void agent.way.quarantine.release(entryId);
});
process.stdout.write(`listening ${agent.port}\n`);
