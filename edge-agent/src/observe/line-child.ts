import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { After } from '../timers.ts';

export type Command = { readonly program: string; readonly args: readonly string[] };

/** How a child ended; `missing` when there is no such program. */
export type ChildEnd = { readonly reason: string; readonly missing: boolean };

export type LineChildOptions = {
  /** Asked at each start. */
  readonly command: () => Command;
  readonly onLine: (line: string, from: 'stdout' | 'stderr') => void;
  /** All its lines were handed over before. `again` starts it after `wait_ms`, `at-once` without. */
  readonly onEnd: (end: ChildEnd, wait_ms: number) => 'again' | 'at-once' | 'never';
  readonly first_ms: number;
  readonly most_ms: number;
  /** One that says nothing for so long hangs, and is killed; undefined where silence means nothing. */
  readonly silence_ms?: number;
  readonly after: After;
};

export type LineChild = {
  /** It did what it is for: its next end is waited for the shortest time. */
  works(): void;
  /** Ends it; `onEnd` decides what follows. */
  restart(): void;
  stop(): void;
};

/**
 * A program that runs all the time and tells one line after the other. When it ends it is started again, each time after
 * twice as long a wait, up to `most_ms`; there is never more than one.
 */
export function keepLineChild(options: LineChildOptions): LineChild {
  const { after } = options;
  let child: ChildProcess | undefined;
  let failures = 0;
  let stopped = false;
  let cancelStart = (): void => undefined;
  let cancelWatch = (): void => undefined;

  function start(): void {
    const { program, args } = options.command();
    const started = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    let failed: ChildEnd | undefined;
    watch(started);
    started.on('error', (error: NodeJS.ErrnoException) => {
      failed ??= { reason: error.code ?? error.name, missing: error.code === 'ENOENT' };
      // A program that could not be started has no streams to close.
      if (started.pid === undefined) ended(failed);
    });
    for (const from of ['stdout', 'stderr'] as const)
      createInterface({ input: started[from] }).on('line', (line) => {
        if (stopped || child !== started) return;
        watch(started);
        options.onLine(line, from);
      });
    // Not `exit`: then lines may still be to come, and would be taken for those of the next one.
    started.on('close', (code, signal) => {
      if (child === started) ended(failed ?? { reason: signal ?? `exit code ${code}`, missing: false });
    });
  }

  function watch(of: ChildProcess): void {
    cancelWatch();
    if (options.silence_ms !== undefined) cancelWatch = after(options.silence_ms, () => of.kill('SIGKILL'));
  }

  function ended(end: ChildEnd): void {
    child = undefined;
    cancelWatch();
    if (stopped) return;
    const wait_ms = Math.min(options.most_ms, options.first_ms * 2 ** Math.min(failures, 30));
    const then = options.onEnd(end, wait_ms);
    if (then === 'never') return;
    if (then === 'again') failures += 1;
    cancelStart = after(then === 'again' ? wait_ms : 0, start);
  }

  start();
  return {
    works() {
      failures = 0;
    },
    restart: () => void child?.kill('SIGKILL'),
    stop() {
      stopped = true;
      cancelStart();
      cancelWatch();
      child?.kill('SIGTERM');
    },
  };
}
