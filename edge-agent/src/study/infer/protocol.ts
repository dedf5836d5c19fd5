import type {
  KeyImages,
  RemoteServer,
  ReportKind,
  ResultObject,
  SegmentationKind,
} from '@collimator/shared/contracts/agent-config';
import type { Evidence, RemoteOrigin, ResultUids } from '../result/result-context.ts';
import type { NextWork, TaskTimes, WorkerTask } from './tasks.ts';
import type { ModelTensor } from './worker/model-session.ts';

/** Where a model's runtime can compute. */
export type Provider = 'tensorrt' | 'cuda' | 'cpu';

/** What a child computes on; `kind` says how it opens its sessions. */
export type DeviceSpec = {
  readonly name: string;
  readonly kind: 'cpu' | 'gpu' | 'remote';
  /** Of the model's runtime. */
  readonly threads: number;
  /** That decode and preprocess beside it. */
  readonly decodeThreads: number;
  /** UUID for CUDA_VISIBLE_DEVICES. */
  readonly gpu?: string;
  /** A model server that computes for it. */
  readonly remote?: RemoteServer;
  /** Tried in this order. */
  readonly providers: readonly Provider[];
  /** Processes that share it. */
  readonly workers: number;
  /** Niceness of its processes; 0 is that of the supervisor. */
  readonly nice: number;
  /** Bytes of the device's own memory that its processes may take together; undefined: not known. */
  readonly memoryBytesMax?: number;
  /** Resident bytes of a process beyond which it is let go and a new one started. */
  readonly residentBytesMax: number;
};

export type LoadRelease = {
  readonly sha256: string;
  readonly folder: string;
  /** What its models take of a device's memory, as the release declares. */
  readonly memoryBytes: number;
};

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

/** An earlier study of the same patient, as far as the release wants it; every series is whole. */
export type PriorStudy = {
  readonly studyInstanceUid: string;
  /** Whole days from it to the study of the job; 0 is earlier on the same day. */
  readonly daysBefore: number;
  readonly series: readonly {
    readonly seriesInstanceUid: string;
    readonly modality: string;
    readonly bodyPart: string;
    readonly description: string;
    /** Absolute paths of its images. */
    readonly files: readonly string[];
  }[];
};

/** What became of the priors that the release asks for; without a study, `why` says so in words for the report. */
export type Priors = {
  /** The newest first. */
  readonly studies: readonly PriorStudy[];
  readonly why: string | undefined;
};

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
  /** Only for a release that asks for them. */
  readonly priors?: Priors;
  /** Models of other servers that took part. */
  readonly remote?: readonly RemoteOrigin[];
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

/** A release that a child has ready. */
export type Loaded = {
  readonly sha256: string;
  readonly provider: string;
  /** Whether the model is known to be the one that the release names; only a remote server's may not be. */
  readonly attested: boolean;
  /** What results say of the server that computes it; missing where it is computed here. */
  readonly origins?: readonly RemoteOrigin[];
  /** Why it is not attested. */
  readonly why?: string;
};

export type ToWorker =
  | { readonly type: 'init'; readonly device: DeviceSpec; readonly releases: readonly LoadRelease[] }
  | { readonly type: 'task'; readonly task: WorkerTask };

/** What came of a task. `permanent` is the input's fault, `transient` may go better next time. */
export type TaskAnswer =
  | { readonly how: 'next'; readonly next: NextWork }
  | { readonly how: 'items'; readonly times: TaskTimes }
  | { readonly how: 'tensors'; readonly outputs: readonly ModelTensor[] }
  | { readonly how: 'permanent' | 'transient'; readonly code: string; readonly detail: string };

export type FromWorker =
  | {
      readonly type: 'ready';
      readonly warm_ms: number;
      readonly loaded: readonly Loaded[];
      readonly unloadable: readonly Unloadable[];
    }
  /** One task at a time, so it needs no name. `resident_bytes` is of the whole process. */
  | { readonly type: 'answer'; readonly answer: TaskAnswer; readonly resident_bytes: number };
