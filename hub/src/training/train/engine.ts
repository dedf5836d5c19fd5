import type { RunSpec } from '@collimator/shared/contracts/run-spec';
import type { Sample, SampleSize } from './augment.ts';
import type { TrainingEvent } from './events.ts';

/** A backend that was tried before the one in use, and why it is not the one. */
export type PassedOver = { readonly name: string; readonly why: string };

export type EngineInfo = {
  /** Name and version of the library, e.g. `tfjs 4.22.0`. */
  readonly engine: string;
  readonly backend: string;
  readonly detail: string;
  readonly passedOver: readonly PassedOver[];
};

/** Outputs (logits) [n, rows, columns, 1] for inputs [n, rows, columns, 1], NHWC float32. */
export type Predict = (images: Float32Array) => Float32Array;

export type TrainInput = {
  readonly spec: RunSpec;
  readonly size: SampleSize;
  readonly samples: readonly Sample[];
  /** Scores the validation block with the model as it is now; 0..1. */
  readonly validate: (predict: Predict) => number;
  readonly emit: (event: TrainingEvent) => void;
  /** Wall clock (ms since the epoch) and CPU seconds of this process. */
  readonly clock: () => number;
  readonly cpuSeconds: () => number;
};

export type Weight = { readonly name: string; readonly shape: readonly number[]; readonly values: Float32Array };

export type TrainedModel = {
  readonly parameters: number;
  readonly steps: number;
  readonly bestStep: number;
  readonly validationDice: number;
  readonly predict: Predict;
  /** In the order of the layers. */
  readonly weights: () => readonly Weight[];
  /** The model as ONNX, compared with ONNX Runtime on `images`. */
  readonly exportOnnx: (
    names: { readonly input: string; readonly output: string },
    images: Float32Array,
    parityAbsMax: number,
  ) => Promise<{ readonly bytes: Uint8Array; readonly parityMaxAbsDiff: number }>;
  readonly dispose: () => void;
};

/** What every training engine is to the hub. An engine starts once a process. */
export type TrainingEngine = {
  readonly name: string;
  readonly start: () => Promise<EngineInfo>;
  readonly train: (input: TrainInput) => Promise<TrainedModel>;
};
