import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { entryFile } from '@collimator/shared/entry';
import type { After } from '../../timers.ts';
import type { DeviceSpec, FromWorker, LoadRelease, TaskAnswer, ToWorker } from './protocol.ts';
import type { WorkerTask } from './tasks.ts';

/** What a task came to. `lost`: the process is gone, which says nothing of the task. */
export type RunAnswer =
  | { readonly answer: TaskAnswer; readonly residentBytes: number }
  | { readonly answer: undefined; readonly why: 'crashed' | 'stuck'; readonly detail: string };

export type Ready = FromWorker & { readonly type: 'ready' };

/** One process that runs models; it is used until it ends, and never comes back. */
export type InferenceChild = {
  /** Models are loaded and warm; rejects when the process ends or takes too long before. */
  readonly ready: Promise<Ready>;
  /** Resolves with why it ended. */
  readonly ended: Promise<string>;
  /** One task at a time. Never rejects: a child that dies or is stuck is an answer. */
  run(task: WorkerTask, stuckAfter_ms: number): Promise<RunAnswer>;
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
 * and because a fault in a driver ends whoever loaded it. What is stuck is ended by SIGKILL, which a stopped process
 * cannot put off either.
 */
export function startInferenceChild(deps: InferenceChildDeps): InferenceChild {
  const child = fork(entryFile(import.meta.url, './worker/main.js'), {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...programOf(deps.device),
    env: { ...(deps.env ?? process.env), ...deviceEnv(deps.device) },
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
      } else running?.({ answer: message.answer, residentBytes: message.resident_bytes });
    });
    void ended.then((why): void => {
      cancel();
      reject(new Error(stuck ?? why));
      return running?.({ answer: undefined, why: stuck === undefined ? 'crashed' : 'stuck', detail: stuck ?? why });
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
    run(task, stuckAfter_ms) {
      if (running !== undefined) throw new Error('one task at a time in an inference process');
      if (child.exitCode !== null || child.signalCode !== null)
        return Promise.resolve({ answer: undefined, why: 'crashed', detail: 'before the task began' });
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
        send({ type: 'task', task });
      });
    },
  };
}

/**
 * None of our own process's flags: import conditions or a debugger port are not the child's. A nice device is started
 * by nice(1), because niceness belongs to each thread and only those that begin later inherit it.
 */
function programOf({ nice }: DeviceSpec): Pick<ForkOptions, 'execPath' | 'execArgv'> {
  if (nice === 0) return { execArgv: [] };
  return { execPath: 'nice', execArgv: ['-n', String(nice), process.execPath] };
}

/**
 * The runtime sees no GPU but this one. Its Node binding takes no limit for the memory of a GPU; where the CUDA
 * multi-process service runs, the driver keeps the processes of a device to their part of it.
 */
function deviceEnv({ gpu, memoryBytesMax, workers }: DeviceSpec): NodeJS.ProcessEnv {
  if (gpu === undefined) return {};
  const mebibytes = memoryBytesMax === undefined ? undefined : Math.floor(memoryBytesMax / workers / 2 ** 20);
  return {
    CUDA_VISIBLE_DEVICES: gpu,
    ...(mebibytes !== undefined && { CUDA_MPS_PINNED_DEVICE_MEM_LIMIT: `0=${mebibytes}M` }),
  };
}

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal));
  });
