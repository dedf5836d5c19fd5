import { type ChildProcess, fork } from 'node:child_process';
import { entryFile } from '@collimator/shared/entry';
import type { After } from '../../timers.ts';
import type { DeviceSpec, FromWorker, Inferred, LoadRelease, ToWorker, WorkerJob } from './protocol.ts';

export type RunAnswer =
  | { readonly how: 'inferred'; readonly inferred: Inferred }
  | { readonly how: 'transient' | 'permanent' | 'crashed'; readonly code: string; readonly detail: string };

export type Ready = FromWorker & { readonly type: 'ready' };

/** One process that runs models; it is used until it ends, and never comes back. */
export type InferenceChild = {
  /** Models are loaded and warm; rejects when the process ends or takes too long before. */
  readonly ready: Promise<Ready>;
  /** Resolves with why it ended. */
  readonly ended: Promise<string>;
  /** One job at a time. Never rejects: a child that dies or is stuck is an answer. */
  run(job: WorkerJob, stuckAfter_ms: number): Promise<RunAnswer>;
  kill(): void;
};

export type InferenceChildDeps = {
  readonly device: DeviceSpec;
  readonly releases: readonly LoadRelease[];
  readonly after: After;
  readonly env?: NodeJS.ProcessEnv;
  /** Loading and warming take at most this. */
  readonly startMost_ms?: number;
};

const startMostDefault_ms = 300_000;

/**
 * Starts the process. It is a process and not a thread because a run cannot be cancelled and blocks its thread,
 * and because a fault in a driver ends whoever loaded it.
 */
export function startInferenceChild(deps: InferenceChildDeps): InferenceChild {
  const child = fork(entryFile(import.meta.url, './worker/main.js'), {
    serialization: 'advanced',
    // None of our own process's: import conditions or a debugger port are not the child's.
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...(deps.env ?? process.env),
      ...(deps.device.gpu !== undefined && { CUDA_VISIBLE_DEVICES: deps.device.gpu }),
    },
  });
  const ended = endOf(child);
  let stuck: string | undefined;
  let running: ((answer: RunAnswer) => void) | undefined;
  const kill = (): void => void child.kill('SIGKILL');

  const ready = new Promise<Ready>((resolve, reject) => {
    const cancel = deps.after(deps.startMost_ms ?? startMostDefault_ms, () => {
      stuck = 'the models were not loaded in time';
      kill();
    });
    child.on('message', (message: FromWorker) => {
      if (message.type === 'ready') {
        cancel();
        resolve(message);
      } else if (message.type === 'inferred') running?.({ how: 'inferred', inferred: message.inferred });
      else running?.({ how: message.how, code: message.code, detail: message.detail });
    });
    void ended.then((why): void => {
      cancel();
      reject(new Error(stuck ?? why));
      const code = stuck === undefined ? 'inference-worker-died' : 'inference-worker-stuck';
      return running?.({ how: 'crashed', code, detail: stuck ?? why });
    });
  });
  // Whoever does not ask for `ready` still learns of the end by `ended`.
  ready.catch(() => undefined);

  const send = (message: ToWorker): void => {
    // A failed send means that the process is gone; its end is told by 'exit'.
    child.send(message, () => undefined);
  };
  send({ type: 'init', device: deps.device, releases: deps.releases });

  return {
    ready,
    ended,
    kill,
    run(job, stuckAfter_ms) {
      if (running !== undefined) throw new Error('one job at a time in an inference process');
      if (child.exitCode !== null || child.signalCode !== null)
        return Promise.resolve({ how: 'crashed', code: 'inference-worker-died', detail: 'before the job began' });
      return new Promise((resolve) => {
        const cancel = deps.after(stuckAfter_ms, () => {
          stuck = `no answer after ${Math.round(stuckAfter_ms / 1000)} s`;
          kill();
        });
        running = (answer) => {
          running = undefined;
          cancel();
          resolve(answer);
        };
        send({ type: 'run', job });
      });
    },
  };
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
