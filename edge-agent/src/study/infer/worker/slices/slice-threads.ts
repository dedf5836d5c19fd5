import { Worker } from 'node:worker_threads';
import { entryFile } from '@collimator/shared/entry';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type ErrorCode, errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import type { SliceHeader } from '../../../decode/slice-header.ts';
import type { FittedOps, FromThread, SliceAnswers, SliceTask, ToThread } from './protocol.ts';

/** Threads that decode and preprocess; the thread that runs the model waits for them and computes nothing of it. */
export type SliceThreads = {
  readonly count: number;
  /** The header of each frame of a file. */
  headers(file: string): Promise<Result<readonly SliceHeader[], Problem>>;
  /** One frame, from 0 on, as it is stored. */
  decode(file: string, index: number): Promise<Result<SourceSlice, Problem>>;
  /** The model's input for a slice. The pixels of the slice are handed over: it is empty afterwards. */
  preprocess(slice: SourceSlice, fitted: FittedOps): Promise<Plane>;
  close(): Promise<void>;
};

type Settle = { readonly resolve: (answer: never) => void; readonly reject: (error: Error) => void };
type Thread = { readonly worker: Worker; readonly asked: Map<number, Settle> };

/**
 * Starts `count` threads. A task goes to the one that has the fewest, at once: the thread that asks may be busy with
 * the model when an answer comes, and what is to be done next must be there already. Whoever asks bounds how much.
 * A thread that ends by itself takes with it what it was asked (rejected with `decode-thread-died`), nothing else; another takes
 * its place when there is something to do.
 *
 * @param entry of a thread; a test gives its own
 */
export function startSliceThreads(
  count: number,
  entry: URL = entryFile(import.meta.url, './slice-thread.js'),
): SliceThreads {
  const threads = new Set<Thread>();
  let ids = 0;
  let closed = false;

  function start(): Thread {
    // None of the process's own: import conditions or a debugger port are not the thread's.
    const worker = new Worker(entry, { execArgv: [] });
    const thread: Thread = { worker, asked: new Map() };
    let why: string | undefined;
    worker.on('message', (message: FromThread) => {
      const settle = thread.asked.get(message.id);
      thread.asked.delete(message.id);
      if ('answer' in message) settle?.resolve(message.answer as never);
      else settle?.reject(errorOf(message.thrown));
    });
    worker.on('error', (error: Error) => {
      why = error.message;
    });
    worker.on('exit', (code) => {
      threads.delete(thread);
      const error = new CodedError('decode-thread-died', why ?? `exit code ${code}`);
      for (const { reject } of thread.asked.values()) reject(error);
    });
    threads.add(thread);
    return thread;
  }

  function ask<Type extends SliceTask['type']>(task: SliceTask & { type: Type }): Promise<SliceAnswers[Type]> {
    if (closed) throw new Error('the threads are closed');
    while (threads.size < count) start();
    const [idlest] = [...threads].sort((a, b) => a.asked.size - b.asked.size) as [Thread];
    const id = ids++;
    return new Promise((resolve, reject) => {
      idlest.asked.set(id, { resolve, reject });
      idlest.worker.postMessage({ id, task } satisfies ToThread, pixelsOf(task));
    });
  }

  for (let i = 0; i < count; i++) start();
  return {
    count,
    headers: (file) => ask({ type: 'headers', file }),
    decode: (file, index) => ask({ type: 'decode', file, index }),
    preprocess: (slice, { ops, states }) => ask({ type: 'preprocess', slice, fitted: { ops, states } }),
    async close() {
      closed = true;
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

const pixelsOf = (task: SliceTask): ArrayBuffer[] =>
  task.type === 'preprocess' ? [task.slice.pixels.buffer as ArrayBuffer] : [];

/** What a thread threw, as the error it was. */
const errorOf = ({ code, detail }: { readonly code?: string; readonly detail: string }): Error =>
  code !== undefined && code in errorCatalogue ? new CodedError(code as ErrorCode, detail) : new Error(detail);
