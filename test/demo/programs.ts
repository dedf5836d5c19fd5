import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { collimator } from './checkout.ts';

export type ProgramSpec = {
  readonly name: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Started again whenever it dies, as a service manager does; otherwise its death is a failure. */
  readonly restart?: boolean;
};

/** A long-running program of the demo, with its output in `logs/<name>.log`. */
export interface Program {
  readonly name: string;
  readonly pid: number | undefined;
  readonly restarts: number;
  /** Throws when the program has died and nobody starts it again. */
  check(): void;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, and SIGKILL when it does not end in time. */
  stop(): Promise<void>;
  /** SIGKILL to the program and everything it started, as a power cut does; nobody starts it again. */
  cut(): Promise<void>;
}

const stopMsMax = 15_000;
const restartsMax = 50;
const logTailLines = 12;

export function startProgram(spec: ProgramSpec, logs: string): Program {
  const logFile = join(logs, `${spec.name}.log`);
  let child: ChildProcess;
  let restarts = 0;
  let stopping = false;
  let death: string | undefined;

  const start = (): void => {
    const log = openSync(logFile, 'a', 0o600);
    child = spawn(process.execPath, [...spec.args], {
      stdio: ['ignore', log, log],
      env: { ...process.env, ...spec.env },
    });
    closeSync(log);
    child.once('exit', (code, signal) => {
      if (stopping) return;
      if (spec.restart === true && restarts < restartsMax) {
        restarts += 1;
        start();
      } else {
        death = signal ?? `exit code ${code}`;
      }
    });
  };
  start();

  const exited = (): Promise<unknown> | undefined =>
    child.exitCode !== null || child.signalCode !== null
      ? undefined
      : new Promise((resolve) => child.once('exit', resolve));

  return {
    name: spec.name,
    get pid() {
      return child.pid;
    },
    get restarts() {
      return restarts;
    },
    check() {
      if (death !== undefined) throw new CodedError('demo-program-died', `${spec.name} (${death})\n${tail(logFile)}`);
    },
    kill: (signal) => void child.kill(signal),
    async stop() {
      stopping = true;
      const ended = exited();
      if (ended === undefined) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(timer);
    },
    async cut() {
      stopping = true;
      const ended = exited();
      const started = child.pid === undefined ? [] : descendantsOf(child.pid);
      child.kill('SIGKILL');
      for (const pid of started) killIfThere(pid);
      await ended;
      await Promise.all(started.map(gone));
    },
  };
}

/** Process ids of everything that a process started (Linux); none when it has ended. */
export function descendantsOf(pid: number): number[] {
  let children: number[];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** A killed process that is not our child can only be watched. */
async function gone(pid: number): Promise<void> {
  const deadline = performance.now() + stopMsMax;
  while (existsSync(`/proc/${pid}`) && performance.now() < deadline) await pause(5);
}

const isGone = (error: unknown): boolean => ['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');

/** The last lines of a log, for a person who wants to know why. */
export const tail = (file: string): string =>
  readFileSync(file, 'utf8').trimEnd().split('\n').slice(-logTailLines).join('\n');

export type CommandOptions = {
  /** Each line of standard error or output as it comes. */
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
};

/** Runs one command of the product to its end, exactly as a user would; its standard output comes back. */
export function runCollimator(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  return runProgram(process.execPath, [collimator, ...args], `collimator ${args.join(' ')}`, options);
}

/** Runs any program to its end. Throws `demo-command` with the end of its standard error when it fails. */
export function runProgram(
  file: string,
  args: readonly string[],
  title: string,
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...args], { stdio: ['ignore', 'pipe', 'pipe'], signal: options.signal });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      for (const line of text.split('\n').filter(Boolean)) options.onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err = (err + text).slice(-65_536);
      for (const line of text.split('\n').filter(Boolean)) options.onLine?.(line);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new CodedError('demo-command', `${title} ended with ${signal ?? code}\n${err.trimEnd()}`));
    });
  });
}
