import { createLogger } from '@collimator/shared/observe/logger';
import { type AgentOptions, startAgent } from './agent.ts';

/** `agent.ts` as a process that a test can kill. Its options are JSON in the first argument; prints `listening <port>`. */
const options = JSON.parse(process.argv[2] ?? '') as AgentOptions;
const agent = await startAgent({ ...options, log: createLogger({ program: 'agent', level: 'debug' }) });
process.once('SIGTERM', () => void agent.close());
process.stdout.write(`listening ${agent.port}\n`);
