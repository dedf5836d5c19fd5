import type { FittedPreprocessing } from '@collimator/shared/imaging/preprocess';
import type { Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import type { Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import type { SliceHeader } from '../../../decode/slice-header.ts';

/** Preprocessing fitted to a series, as it goes between threads; resizers are made where they are used. */
export type FittedOps = Pick<FittedPreprocessing, 'ops' | 'states'>;

/** What a thread is asked to do; pixels are handed over, not copied, and whoever sends them has them no more. */
export type SliceTask =
  | { readonly type: 'headers'; readonly file: string }
  | { readonly type: 'decode'; readonly file: string; readonly index: number }
  | { readonly type: 'preprocess'; readonly slice: SourceSlice; readonly fitted: FittedOps };

export type SliceAnswers = {
  readonly headers: Result<readonly SliceHeader[], Problem>;
  readonly decode: Result<SourceSlice, Problem>;
  readonly preprocess: Plane;
};

export type ToThread = { readonly id: number; readonly task: SliceTask };

export type FromThread =
  | { readonly id: number; readonly answer: SliceAnswers[keyof SliceAnswers] }
  | { readonly id: number; readonly thrown: { readonly code?: string; readonly detail: string } };
