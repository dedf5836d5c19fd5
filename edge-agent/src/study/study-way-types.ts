import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { PriorityName } from '@collimator/shared/contracts/common';
import type { DeviceStatus, Prioritized } from '@collimator/shared/contracts/local-api';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { CommitmentService, StoreSink } from '../dimse/index.ts';
import type { PolicyFigures } from '../observe/policy-metrics.ts';
import type { DestinationFigures } from '../observe/delivery-metrics.ts';
import type { Retried } from '../store/sqlite-retries.ts';
import type { StudyLine, StudyList } from '../store/sqlite-study-list.ts';
import type { ActiveReleases } from './assemble/route/active-releases.ts';
import type { OnEngineEvent } from './infer/engine-events.ts';
import type { TensorEngine } from './infer/tensor-engine.ts';
import type { After } from '../timers.ts';
import type { QuarantineDesk } from './receive/quarantine/quarantine-desk.ts';
import type { ReceiveEvent } from './receive/receive-events.ts';

export type StudyWayDeps = {
  readonly store: Store;
  readonly config: AgentConfig;
  /** Absolute. */
  readonly dataDir: string;
  readonly releases: ActiveReleases;
  readonly agentVersion: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** So many random bytes, good enough for UIDs. */
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
  readonly after?: After;
  /** Fill of the disk of the data folder, 0 to 1; asked of the file system when absent. */
  readonly diskUsed?: () => number;
  /** What receiving did, for the log and the metrics of the caller. */
  readonly onReceive?: (event: ReceiveEvent) => void;
  /** What the engine did, for metrics and traces. */
  readonly onEngineEvent?: OnEngineEvent;
};

/** `released`: the sender ended it properly, which says that it has sent what it wanted to. */
export type AssociationEnd = {
  readonly associationId: string;
  readonly callingAeTitle: string;
  readonly released: boolean;
};

/** Gauges are of now; everything else counts since the start. */
export type StudyCounts = {
  readonly instances: { readonly received: number; readonly rejected: number; readonly quarantined: number };
  readonly jobs: {
    readonly queued: number;
    readonly running: number;
    readonly inferred: number;
    readonly failed: number;
  };
  readonly deliveries: { readonly pending: number; readonly delivered: number; readonly failed: number };
};

export type StudyWay = {
  /** Takes objects, to be used after `start`; what it answers with success is on the disk. */
  readonly sink: StoreSink;
  /** For the Store SCP; undefined where nobody asks for storage commitment. */
  readonly commitment: CommitmentService | undefined;
  /** An association is over: what it brought may be complete sooner than the timer thinks. */
  onAssociationEnded(end: AssociationEnd): void;
  /** Takes up what the last run left; resolves when objects can be taken. */
  start(): Promise<void>;
  /** Ends the children and the deliveries at once; what was running is run again after the next start. */
  stop(): Promise<void>;
  counts(): StudyCounts;
  latencies(): ReturnType<StudyList['latencies']>;
  /** Takes up again what has failed for good in a study; undefined for a key that no study has. */
  retry(study: number): Promise<Retried | undefined>;
  /** What each destination of the configuration still has to get. */
  destinations(): readonly DestinationFigures[];
  /** Newest first. */
  studies(limit: number): readonly StudyLine[];
  study(id: number): StudyLine | undefined;
  /** What was set aside, and decisions about it. */
  readonly quarantine: QuarantineDesk;
  /** Studies that something holds; see hold.ts. */
  heldStudies(): number;
  /** Jobs that wait for priors. */
  awaitingPriors(): number;
  /** What the policies for conflicts, the quarantine and retention have done. */
  policyFigures(): PolicyFigures;
  /** Gives the queued jobs of a study another class; undefined for a key that no study has. */
  prioritize(study: number, priority: PriorityName): Promise<Prioritized | undefined>;
  /** Inference for other programs. */
  readonly tensors: TensorEngine;
  devices(): readonly DeviceStatus[];
};
