import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { AgentStatus } from '@collimator/shared/contracts/local-api';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { CommitmentService, StoreSink } from './dimse/index.ts';
import type { Report } from './link/outbox.ts';
import type { QuarantineDesk } from './study/receive/quarantine/quarantine-desk.ts';
import type { Latencies, WorkCounts } from './link/telemetry.ts';
import type { DestinationFigures } from './observe/delivery-metrics.ts';
import type { PolicyFigures } from './observe/policy-metrics.ts';
import type { AssociationEnd } from './study/study-way.ts';
import type { Retried } from './store/sqlite-retries.ts';
import type { StudyLine } from './store/sqlite-study-list.ts';

/** A study's way, as the shell around it needs it: receive → assemble → queue → infer → result → deliver. */
export interface StudyWay {
  /** Takes objects; what it answers with success is on the disk. */
  readonly sink: StoreSink;
  /** Storage commitment at the DICOM node; undefined where nobody asks for it. */
  readonly commitment: CommitmentService | undefined;
  /** A sender has finished: its studies may be complete. */
  onAssociationEnded(end: AssociationEnd): void;
  /** Takes up what the last run left; resolves when objects can be taken. */
  start(): Promise<void>;
  stop(): Promise<void>;
  counts(): WorkCounts;
  latencies(): Latencies;
  /** Takes up again what has failed for good in a study; undefined for a key that no study has. */
  retry(study: number): Promise<Retried | undefined>;
  /** What each destination of the configuration still has to get. */
  destinations(): readonly DestinationFigures[];
  /** Newest first. */
  studies(limit: number): readonly StudyLine[];
  study(id: number): StudyLine | undefined;
  readonly quarantine: QuarantineDesk;
  /** Studies that something holds; see study/hold.ts. */
  heldStudies(): number;
  /** What the policies for conflicts, the quarantine and retention have done. */
  policyFigures(): PolicyFigures;
  devices(): readonly AgentStatus['devices'][number][];
}

/** A model's way, as the shell around it needs it: announce → fetch → verify → stage → swap. */
export interface ModelWay {
  /** Resolves when the releases on the disk are known; waits for no hub. */
  start(): Promise<void>;
  stop(): Promise<void>;
  releases(): readonly DeviceRelease[];
}

/** What the two ways are built from. */
export type WaysDeps = {
  readonly config: AgentConfig;
  readonly deviceId: string;
  readonly agentVersion: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly store: Store;
  readonly mqtt: MqttPort;
  /** Durable: resolves when the event is on the disk. */
  readonly report: (entry: Report) => Promise<void>;
  /** The releases of this appliance have changed; its retained state follows. */
  readonly releasesChanged: () => void;
  readonly now: () => Date;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
};

export type Ways = { readonly study: StudyWay; readonly model: ModelWay };
export type BuildWays = (deps: WaysDeps) => Promise<Ways>;
