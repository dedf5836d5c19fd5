import type { PostprocessingOp } from '@collimator/shared/contracts/release';
import type { FittedPreprocessing } from '@collimator/shared/imaging/preprocess';
import type { Pixels, Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../../decode/problem.ts';
import type { Given } from '../given.ts';
import type { SliceHeader } from '../../../../decode/slice-header.ts';

/** Preprocessing fitted to a series, as it goes between threads; resizers are made where they are used. */
export type FittedOps = Pick<FittedPreprocessing, 'ops' | 'states'>;

/** Where a slice is: the index of its frame in its file, from 0 on. */
export type FrameAddress = { readonly file: string; readonly index: number };

/** The part of a slice that is worked on. */
export type Part = Pick<Given, 'rows' | 'columns'>;

/** How the mask of a slice is made of the raw output of a model. */
export type MaskWanted = {
  readonly ops: readonly PostprocessingOp[];
  /** Of what is given of the source. */
  readonly size: { readonly rows: number; readonly columns: number };
  /** Whether what `threshold` cuts is wanted too, as probabilities. */
  readonly probabilities: boolean;
};

/** See `SliceMask`; probabilities have a layer for each segment. */
export type FinishedMask = { readonly mask: Uint8Array; readonly probabilities?: Float32Array };

/**
 * What a thread is asked to do; pixels are handed over, not copied, and whoever sends them has them no more. `into` is
 * shared memory for the answer, which is elsewhere where it does not fit.
 */
export type SliceTask =
  | { readonly type: 'headers'; readonly file: string }
  | { readonly type: 'decode'; readonly frame: FrameAddress }
  | {
      readonly type: 'preprocess';
      readonly slice: SourceSlice;
      readonly fitted: FittedOps;
      readonly part: Part;
      readonly into?: Float32Array;
    }
  /** Both at one go. */
  | {
      readonly type: 'input';
      readonly frame: FrameAddress;
      readonly fitted: FittedOps;
      readonly part: Part;
      readonly into?: Float32Array;
    }
  | { readonly type: 'mask'; readonly output: Plane; readonly wanted: MaskWanted; readonly into?: Uint8Array };

export type SliceAnswers = {
  readonly headers: Result<readonly SliceHeader[], Problem>;
  readonly decode: Result<SourceSlice, Problem>;
  readonly preprocess: Plane;
  readonly input: Result<Plane, Problem>;
  readonly mask: FinishedMask;
};

/** Time that threads spent, all of them together; milliseconds. */
export type ThreadTimes = { readonly decode_ms: number; readonly preprocess_ms: number; readonly finish_ms: number };

export type ToThread = { readonly id: number; readonly task: SliceTask };

export type FromThread = { readonly id: number; readonly times: ThreadTimes } & (
  | { readonly answer: SliceAnswers[keyof SliceAnswers] }
  | { readonly thrown: { readonly code?: string; readonly detail: string } }
);

/** The memory of values, as far as it can be handed over; shared memory stays where it is. */
export const ownBuffers = (...values: readonly (Pixels | undefined)[]): ArrayBuffer[] =>
  values.flatMap((one) => (one?.buffer instanceof ArrayBuffer ? [one.buffer] : []));
