import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type LogLine, readLog } from '../../fakes/received-log.ts';
import type { AgentOptions } from './agent.ts';

export type Program = {
  readonly port: number;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  stop(signal?: NodeJS.Signals): Promise<void>;
};

/** Starts a compiled program of this workspace and waits for its `listening <port>`. */
async function start(entry: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Program> {
  const file = fileURLToPath(new URL(`../../dist/${entry}`, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (some: Buffer) => {
    errors += some.toString();
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (some: Buffer) => {
      output += some.toString();
      const found = /listening (\d+)/.exec(output);
      if (found !== null) resolve(Number(found[1]));
    });
    child.once('exit', (code, signal) => reject(new Error(`${entry}: ${signal ?? code}: ${errors}`)));
  });
  return {
    port,
    child,
    stderr: () => errors,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

export const startPacs = (folder: string, port = 0): Promise<Program> =>
  start('fakes/pacs-receiver.js', ['--out', folder, '--port', String(port)]);

export const startAgentProgram = (options: Omit<AgentOptions, 'log'>, env: NodeJS.ProcessEnv = {}): Promise<Program> =>
  start('integration/study-way/agent-program.js', [JSON.stringify(options)], env);

export type Received = LogLine & { readonly type: 'instance' };

/** What a PACS has received, repeats as well. */
export const received = async (folder: string): Promise<Received[]> =>
  (await readLog(`${folder}/log.jsonl`)).filter((line) => line.type === 'instance');
