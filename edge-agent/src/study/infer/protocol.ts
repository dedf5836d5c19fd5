import type { KeyImages, ReportKind, ResultObject, SegmentationKind } from '@collimator/shared/contracts/agent-config';
import type { Evidence, ResultUids } from '../result/result-context.ts';

/** What a child computes on. `gpu` is a UUID for CUDA_VISIBLE_DEVICES; without one it is a CPU device. */
export type DeviceSpec = {
  readonly name: string;
  /** Of the model's runtime. */
  readonly threads: number;
  /** That decode and preprocess beside it. */
  readonly decodeThreads: number;
  readonly gpu?: string;
};

export type LoadRelease = { readonly sha256: string; readonly folder: string };

/** Who made a result, as it stands in the objects. */
export type ResultIdentity = {
  readonly deviceSerial: string;
  readonly agentVersion: string;
  /** Milliseconds since 1970. */
  readonly at_ms: number;
};

/** How the objects are made, and which outcomes without a measurement have a report. */
export type ResultStyle = {
  readonly report: ReportKind;
  readonly segmentation: SegmentationKind;
  readonly keyImages: KeyImages;
  readonly outcomes: Readonly<Record<'no-finding' | 'abstained', boolean>>;
};

/** What became of a job whose model ran. */
export type InferredOutcome = 'measured' | 'no-finding' | 'abstained';

/** Paths and ids, never pixels. */
export type WorkerJob = {
  readonly jobId: number;
  readonly releaseSha256: string;
  /** Absolute paths of the images, in the order of their arrival. */
  readonly files: readonly string[];
  /** Absolute; belongs to this attempt alone. */
  readonly outFolder: string;
  readonly objects: readonly ResultObject[];
  readonly style: ResultStyle;
  /** Made by the supervisor, for this attempt alone. */
  readonly uids: ResultUids;
  readonly identity: ResultIdentity;
  /** Reports of ours on the same series that the new one takes the place of. */
  readonly predecessors?: readonly Evidence[];
};

/** One object that the child has put on disk. `file` is inside `outFolder`. */
export type MadeObject = {
  readonly object: ResultObject;
  /** Which one of its kind: 1 and up. */
  readonly ordinal: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly file: string;
  readonly sha256: string;
};

export type Timings = {
  readonly decode_ms: number;
  readonly infer_ms: number;
  readonly result_ms: number;
  readonly total_ms: number;
};

export type Inferred = {
  readonly outcome: InferredOutcome;
  readonly objects: readonly MadeObject[];
  readonly maskVoxels: number;
  readonly volume_mL: number;
  /** Images of the series that were left out because they are localizers. */
  readonly localizersLeftOut: number;
  readonly timings: Timings;
};

export type Unloadable = { readonly sha256: string; readonly code: string; readonly detail: string };

export type ToWorker =
  | { readonly type: 'init'; readonly device: DeviceSpec; readonly releases: readonly LoadRelease[] }
  | { readonly type: 'run'; readonly job: WorkerJob };

export type FromWorker =
  | {
      readonly type: 'ready';
      readonly provider: string;
      readonly warm_ms: number;
      readonly loaded: readonly string[];
      readonly unloadable: readonly Unloadable[];
    }
  | { readonly type: 'inferred'; readonly jobId: number; readonly inferred: Inferred }
  | {
      readonly type: 'failed';
      readonly jobId: number;
      readonly how: 'transient' | 'permanent';
      readonly code: string;
      readonly detail: string;
    };
