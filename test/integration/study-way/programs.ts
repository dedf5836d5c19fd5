import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type LogLine, readLog } from '../../fakes/received-log.ts';
import { freePort } from '../../free-ports.ts';
import type { AgentOptions } from './agent.ts';

export type Program = {
  readonly port: number;
  readonly child: ChildProcess;
  readonly stderr: () => string;
  stop(signal?: NodeJS.Signals): Promise<void>;
};

/** The compiled form of this workspace, from the source of this file and from its compiled form. */
const compiled = new URL(import.meta.url.includes('/dist/') ? '../../' : '../../dist/', import.meta.url);

/** Starts a compiled program of this workspace and waits for its `listening <port>`. */
export async function startProgram(
  entry: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Program> {
  const file = fileURLToPath(new URL(entry, compiled));
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

/** A port of its own, so that it can be stopped and started again. */
export const startPacs = async (folder: string, port?: number): Promise<Program> =>
  startProgram('fakes/pacs-receiver.js', ['--out', folder, '--port', String(port ?? (await freePort()))]);

export const startAgentProgram = (options: Omit<AgentOptions, 'log'>, env: NodeJS.ProcessEnv = {}): Promise<Program> =>
  startProgram('integration/study-way/agent-program.js', [JSON.stringify(options)], env);

export type Received = LogLine & { readonly type: 'instance' };

/** What a PACS has received, repeats as well. */
export const received = async (folder: string): Promise<Received[]> =>
  (await readLog(`${folder}/log.jsonl`)).filter((line) => line.type === 'instance');
