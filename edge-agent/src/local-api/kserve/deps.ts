import type { ProgressLimits } from '../../dimse/index.ts';
import type { TensorEngine } from '../../study/infer/tensor-engine.ts';
import type { After, Every } from '../../timers.ts';
import type { Listed } from '../access.ts';
import type { LoadLimit } from '../request-load.ts';
import type { InferBounds } from './infer-head.ts';
import type { PriorityName } from './priority.ts';
import type { KserveRefusal } from './refusal.ts';

/** A program that may ask for inference. */
export type KserveProgram = Listed & {
  readonly requestsMax: number;
  /** Priorities that it may ask for; the first is that of a request that names none. */
  readonly priorities: readonly PriorityName[];
  /** Names of the releases that it may use; all when absent. */
  readonly releases?: readonly string[];
};

export type KserveLimits = ProgressLimits &
  InferBounds & {
    readonly requestsMax: number;
    /** Bodies of all requests under way together, bytes. */
    readonly bytesMax: number;
    /** Longest time from a whole request to its answer. */
    readonly answer_ms: number;
  };

/** Which bound was reached: a name for the metric. */
export type KserveLimit = LoadLimit | 'bytes' | 'engine' | 'idle' | 'progress' | 'answer-time';

/** What becomes of requests, for the log and the metrics; names are those of the configuration and of releases. */
export type KserveEvent =
  | { readonly type: 'refused'; readonly address: string; readonly program?: string; readonly refusal: KserveRefusal }
  | { readonly type: 'begun' }
  | { readonly type: 'limit'; readonly limit: KserveLimit }
  | {
      /** `cut-off`: the program did not wait for the answer. */
      readonly type: 'finished' | 'cut-off';
      readonly program: string;
      readonly release: { readonly name: string; readonly version: string };
      readonly http: number;
      /** Why not, where it was refused or failed. */
      readonly code: string | undefined;
      readonly priority: PriorityName | undefined;
      readonly bytes: number;
      readonly answerBytes: number;
      readonly duration_ms: number;
    }
  | { readonly type: 'fault'; readonly error: unknown };

export type KserveDeps = {
  readonly engine: TensorEngine;
  readonly programs: readonly KserveProgram[];
  readonly limits: KserveLimits;
  readonly onEvent: (event: KserveEvent) => void;
  readonly now_ms: () => number;
  readonly every: Every;
  readonly after: After;
};
