import { parentPort } from 'node:worker_threads';
import { CodedError } from '@collimator/shared/errors/coded-error';
import { type FittedPreprocessing, preprocessSlice } from '@collimator/shared/imaging/preprocess';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { createSliceReader, type SliceFile } from '../../../decode/slice-reader.ts';
import type { FromThread, SliceAnswers, SliceTask, ToThread } from './protocol.ts';

/** Entry of a thread that decodes and preprocesses slices; one task at a time, in the order they come. */
const reader = createSliceReader();
/** The frames of a multi-frame image come one after the other: it stays open until a task is of another file. */
let open: { readonly file: string; readonly slices: SliceFile } | undefined;
/** Weights of the sizes that were met; a series has one or two. */
const resizers: FittedPreprocessing['resizers'] = new Map();
const RESIZERS_MAX = 16;

let last: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, task }: ToThread) => {
  last = last.then(() => answer(id, task));
});

async function answer(id: number, task: SliceTask): Promise<void> {
  try {
    const done = await run(task);
    reply({ id, answer: done }, pixelsOf(done));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    reply({ id, thrown: error instanceof CodedError ? { code: error.code, detail: error.detail } : { detail } });
  }
}

async function run(task: SliceTask): Promise<SliceAnswers[keyof SliceAnswers]> {
  switch (task.type) {
    case 'headers':
      return (await reader).readHeaders(task.file);
    case 'decode':
      return decode(task.file, task.index);
    case 'preprocess': {
      if (resizers.size > RESIZERS_MAX) resizers.clear();
      return preprocessSlice(task.slice, { ...task.fitted, resizers });
    }
  }
}

async function decode(file: string, index: number): Promise<Result<SourceSlice, Problem>> {
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

function pixelsOf(done: SliceAnswers[keyof SliceAnswers]): readonly ArrayBuffer[] {
  if ('values' in done) return [done.values.buffer as ArrayBuffer];
  return done.ok && 'pixels' in done.value ? [done.value.pixels.buffer as ArrayBuffer] : [];
}

const reply = (message: FromThread, transfer: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, [...transfer]);
