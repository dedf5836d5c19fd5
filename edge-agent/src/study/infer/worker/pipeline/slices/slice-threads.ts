import { Worker } from 'node:worker_threads';
import { entryFile } from '@collimator/shared/entry';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type ErrorCode, errorCatalogue } from '@collimator/shared/errors/catalogue';
import type { Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../../decode/problem.ts';
import type { SliceHeader } from '../../../../decode/slice-header.ts';
import { createSharedMemory, type SharedMemory } from './shared-memory.ts';
import type {
  FinishedMask,
  FittedOps,
  FrameAddress,
  FromThread,
  MaskWanted,
  Part,
  SliceAnswers,
  SliceTask,
  ThreadTimes,
  ToThread,
} from './protocol.ts';
import { ownBuffers } from './protocol.ts';

/** Threads that decode and preprocess; the thread that runs the model waits for them and computes nothing of it. */
export type SliceThreads = {
  readonly count: number;
  /** The header of each frame of a file. */
  headers(file: string): Promise<Result<readonly SliceHeader[], Problem>>;
  /** One frame as it is stored. */
  decode(frame: FrameAddress): Promise<Result<SourceSlice, Problem>>;
  /**
   * The model's input for a part of a slice. The pixels of the slice are handed over: it is empty afterwards.
   *
   * @param values how many are expected; in shared memory then, if it is so many
   */
  preprocess(slice: SourceSlice, fitted: FittedOps, part: Part, values?: number): Promise<Plane>;
  /** The model's input for a frame: decoded and preprocessed by the same thread. */
  input(frame: FrameAddress, fitted: FittedOps, part: Part, values?: number): Promise<Result<Plane, Problem>>;
  /** The mask of a slice. The output is handed over, unless it is in shared memory. */
  mask(output: Plane, wanted: MaskWanted): Promise<FinishedMask>;
  /** For what goes to them and comes back; inputs and masks lie there where they can. */
  readonly memory: SharedMemory;
  /** What they have spent since they were started. */
  times(): ThreadTimes;
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
  const spent = { decode_ms: 0, preprocess_ms: 0, finish_ms: 0 };
  const memory = createSharedMemory();
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
      for (const key of ['decode_ms', 'preprocess_ms', 'finish_ms'] as const) spent[key] += message.times[key];
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

  /** What is in shared memory is where it was to be. */
  function freeUnused(into: Float32Array | Uint8Array, answer: Float32Array | Uint8Array | undefined): void {
    if (!(answer?.buffer instanceof SharedArrayBuffer)) memory.free(into);
  }

  for (let i = 0; i < count; i++) start();
  return {
    count,
    headers: (file) => ask({ type: 'headers', file }),
    decode: (frame) => ask({ type: 'decode', frame }),
    async preprocess(slice, { ops, states }, part, values) {
      const into = values === undefined ? undefined : memory.floats(values);
      const plane = await ask({ type: 'preprocess', slice, fitted: { ops, states }, part, ...(into && { into }) });
      if (into !== undefined) freeUnused(into, plane.values);
      return plane;
    },
    async input(frame, { ops, states }, part, values) {
      const into = values === undefined ? undefined : memory.floats(values);
      const plane = await ask({ type: 'input', frame, fitted: { ops, states }, part, ...(into && { into }) });
      if (into !== undefined) freeUnused(into, plane.ok ? plane.value.values : undefined);
      return plane;
    },
    async mask(output, wanted) {
      const into = wanted.probabilities
        ? undefined
        : memory.bytes((output.channels ?? 1) * wanted.size.rows * wanted.size.columns);
      const finished = await ask({ type: 'mask', output, wanted, ...(into && { into }) });
      if (into !== undefined) freeUnused(into, finished.mask);
      return finished;
    },
    memory,
    times: () => ({ ...spent }),
    async close() {
      closed = true;
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}

function pixelsOf(task: SliceTask): ArrayBuffer[] {
  if (task.type === 'preprocess') return ownBuffers(task.slice.pixels);
  return task.type === 'mask' ? ownBuffers(task.output.values) : [];
}

/** What a thread threw, as the error it was. */
const errorOf = ({ code, detail }: { readonly code?: string; readonly detail: string }): Error =>
  code !== undefined && code in errorCatalogue ? new CodedError(code as ErrorCode, detail) : new Error(detail);
