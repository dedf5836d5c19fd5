import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { waitFor } from '../demo/wait.ts';

/** A program of somebody's that listens on a port. */
export type ListeningProgram = { readonly pid: number; readonly port: number; stop(): Promise<void> };

/** Starts a program and waits until its port answers. Throws with what it wrote when it ends instead. */
export async function startListening(
  command: string,
  args: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv = {},
): Promise<ListeningProgram> {
  const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let output = '';
  let failed: Error | undefined;
  child.once('error', (error) => (failed = error));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (some: Buffer) => (output = (output + some.toString()).slice(-4_000)));
  await waitFor(async () => (await answers(port)) || undefined, {
    what: `${command} on port ${port}`,
    timeoutMs: 60_000,
    intervalMs: 20,
    check() {
      if (failed !== undefined || child.exitCode !== null)
        throw new Error(`${command} ended: ${failed?.message ?? output}`);
    },
  });
  return { pid: child.pid ?? 0, port, stop: () => end(child) };
}

/** SIGTERM, and SIGKILL for what does not follow it within five seconds. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await gone;
  clearTimeout(impatient);
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
