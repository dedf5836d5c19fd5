import type { AgentConfig } from '@collimator/shared/contracts/agent-config';
import type { DeviceRelease } from '@collimator/shared/contracts/messages';
import type { MqttPort } from '@collimator/shared/link/mqtt-port';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';
import type { Report } from './link/outbox.ts';
import type { OnEngineEvent } from './study/infer/engine-events.ts';
import type { StudyWay } from './study/study-way-types.ts';

/** A study's way, as the shell around it needs it: receive → assemble → queue → infer → result → deliver. */
export type { StudyWay } from './study/study-way-types.ts';

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
  /** For the engine: what it tells becomes metrics and traces. */
  readonly onEngineEvent: OnEngineEvent;
  readonly now: () => Date;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
};

export type Ways = { readonly study: StudyWay; readonly model: ModelWay };
export type BuildWays = (deps: WaysDeps) => Promise<Ways>;
