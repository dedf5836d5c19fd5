import { parentPort } from 'node:worker_threads';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type FittedPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import { type MakeValues, newValues, type Plane, type SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import { defaultImageBounds } from '../../../../decode/image-bounds.ts';
import { blockingSources, createSpareBytes } from '../../../../decode/pixels/byte-source.ts';
import type { Problem } from '../../../../decode/problem.ts';
import { createSliceReader, type SliceFile } from '../../../../decode/slice-reader.ts';
import { cropped } from '../given.ts';
import { createFinisher } from './finish-mask.ts';
import type {
  FittedOps,
  FrameAddress,
  FromThread,
  SliceAnswers,
  SliceTask,
  ThreadTimes,
  ToThread,
} from './protocol.ts';
import { ownBuffers } from './protocol.ts';

/** Entry of a thread that decodes, preprocesses and finishes slices; one task at a time, in the order they come. */
/** Pixels that were read and made an input of are read over by the next ones. */
const spare = createSpareBytes();
const reader = createSliceReader(defaultImageBounds, blockingSources(spare));
/** The frames of a multi-frame image come one after the other: it stays open until a task is of another file. */
let open: { readonly file: string; readonly slices: SliceFile } | undefined;
/** Weights of the sizes that were met; a series has one or two. */
const resizers: FittedPreprocessing['resizers'] = new Map();
const tables: NonNullable<FittedPreprocessing['tables']> = new Map();
const RESIZERS_MAX = 16;
const finish = createFinisher();

type Answer = SliceAnswers[keyof SliceAnswers];
type Spent = { -readonly [Key in keyof ThreadTimes]: ThreadTimes[Key] };

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, task }: ToThread) => {
  last = last.then(() => answer(id, task));
});

async function answer(id: number, task: SliceTask): Promise<void> {
  const times: Spent = { decode_ms: 0, preprocess_ms: 0, finish_ms: 0 };
  try {
    const done = await run(task, times);
    reply({ id, times, answer: done }, pixelsOf(done));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    const thrown = error instanceof CodedError ? { code: error.code, detail: error.detail } : { detail };
    reply({ id, times, thrown });
  }
}

async function run(task: SliceTask, times: Spent): Promise<Answer> {
  switch (task.type) {
    case 'headers':
      return (await reader).readHeaders(task.file);
    case 'decode':
      return decode(task.frame, times);
    case 'preprocess':
      return preprocess(cropped(task.slice, task.part), task, times);
    case 'input': {
      const slice = await decode(task.frame, times);
      if (!slice.ok) return slice;
      const input = preprocess(cropped(slice.value, task.part), task, times);
      spare.put(slice.value.pixels.buffer);
      return ok(input);
    }
    case 'mask':
      return timed(times, 'finish_ms', () => finish(task.output, task.wanted, task.into));
  }
}

type Wanted = { readonly fitted: FittedOps; readonly into?: Float32Array };

function preprocess(slice: SourceSlice, { fitted, into }: Wanted, times: Spent): Plane {
  if (resizers.size > RESIZERS_MAX) resizers.clear();
  const make = into === undefined ? newValues : onceIn(into);
  return timed(times, 'preprocess_ms', () => preprocessSlice(slice, { ...fitted, resizers, tables, make }));
}

/** The first that is of the length of the given memory lies there. */
function onceIn(memory: Float32Array): MakeValues {
  let given = false;
  return (length) => {
    if (given || length !== memory.length) return newValues(length);
    given = true;
    return memory.fill(0);
  };
}

function timed<T>(times: Spent, key: keyof Spent, work: () => T): T {
  const begun = performance.now();
  const done = work();
  times[key] += performance.now() - begun;
  return done;
}

async function decode(frame: FrameAddress, times: Spent): Promise<Result<SourceSlice, Problem>> {
  const begun = performance.now();
  const slice = await decodeFrame(frame);
  times.decode_ms += performance.now() - begun;
  return slice;
}

async function decodeFrame({ file, index }: FrameAddress): Promise<Result<SourceSlice, Problem>> {
  if (open?.file !== file) {
    await open?.slices.close();
    open = undefined;
    const opened = await (await reader).openSlices(file);
    if (!opened.ok) return opened;
    open = { file, slices: opened.value };
  }
  const read = await open.slices.slice(index);
  if (open.slices.headers.length === 1) {
    await open.slices.close();
    open = undefined;
  }
  if (!read.ok) return err(read.error);
  const { pixels, rows, columns, slope, intercept, padding } = read.value;
  return ok({ pixels, rows, columns, slope, intercept, ...(padding && { padding }) });
}

/** What goes to the other thread without a copy. */
function pixelsOf(done: Answer): readonly ArrayBuffer[] {
  if ('values' in done) return ownBuffers(done.values);
  if ('mask' in done) return ownBuffers(done.mask, done.probabilities);
  if (!done.ok) return [];
  if ('pixels' in done.value) return ownBuffers(done.value.pixels);
  return 'values' in done.value && done.value.values instanceof Float32Array ? ownBuffers(done.value.values) : [];
}

const reply = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer]);
