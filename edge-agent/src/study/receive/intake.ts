import { randomUUID } from 'node:crypto';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { Store } from '@collimator/shared/sqlite/store';
import type { InstanceIndexDeps } from '../../store/sqlite-instance-index.ts';
import { createSqliteInstanceIndex } from '../../store/sqlite-instance-index.ts';
import { createSqliteQuarantine } from '../../store/sqlite-quarantine.ts';
import { createSqliteRemovals } from '../../store/sqlite-removals.ts';
import type { StoreSink } from '../../dimse/index.ts';
import { adoptQuarantined, type AdoptDeps } from './quarantine/adopt-quarantined.ts';
import { dataFolders } from './disk/data-folders.ts';
import { createFileRemoval, type FileRemoval } from './disk/file-removal.ts';
import { createFolderSync } from './disk/folder-sync.ts';
import { createPlacement } from './disk/instance-placement.ts';
import { createInstanceSink, type ReceiveLimits } from './instance-sink.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { createQuarantine, defaultQuarantineLimits } from './quarantine/quarantine.ts';
import { createQuarantineDesk, type QuarantineDesk } from './quarantine/quarantine-desk.ts';
import type { ReceiveEvent } from './receive-events.ts';
import type { StoreLane } from './disk/store-lane.ts';
import type { ConflictPolicy } from './disk/stored-instances.ts';
import { type Found, takeUpOrphan } from './disk/take-up-orphan.ts';
import { createStudyGate, type StudyGate } from './study-gate.ts';

export type IntakeDeps = Omit<InstanceIndexDeps, 'store'> & {
  readonly store: Store;
  /** Absolute. */
  readonly dataDir: string;
  readonly conflicts: ConflictPolicy;
  readonly limits: Partial<ReceiveLimits>;
  /** See the sink. */
  readonly lane?: StoreLane;
  /** Quarantined objects that were refused, and decisions, are kept for so long. */
  readonly quarantineKeep_ms: number;
  readonly onEvent: (event: ReceiveEvent) => void;
  readonly onDecided: (entryId: number, decision: 'released' | 'discarded') => void;
  readonly onRemovalFailed: (error: unknown) => void;
  readonly checkpoint?: Checkpoint;
};

/** Everything that takes objects in, on one database: the sink for what arrives, and the desk for what was set aside. */
export type Intake = {
  readonly sink: StoreSink;
  readonly desk: QuarantineDesk;
  readonly removal: FileRemoval;
  /** Takes up a file that the index does not have; see `takeUpOrphan`. */
  takeUp(path: string): Promise<Found>;
  /** Makes entries of files in the quarantine that are none; before anything is received. See `adoptQuarantined`. */
  adopt(onFound: AdoptDeps['onFound']): Promise<void>;
  /** To be alone with a study that is removed. */
  readonly gate: StudyGate;
  /** Lets go what has lain in the quarantine for too long; what waits for a decision stays. Resolves with how many. */
  expire(): Promise<number>;
};

/** Entries that expire in one write. */
const EXPIRE_BATCH = 64;

export function createIntake(deps: IntakeDeps): Intake {
  const { store, dataDir, now } = deps;
  const folders = dataFolders(dataDir);
  const index = createSqliteInstanceIndex(deps);
  const list = createSqliteQuarantine(store, now);
  const atCheckpoint = deps.checkpoint === undefined ? {} : { checkpoint: deps.checkpoint };
  const removal = createFileRemoval({
    dataDir,
    removals: createSqliteRemovals(store),
    onFailed: deps.onRemovalFailed,
    ...atCheckpoint,
  });
  const locks = createKeyedLock();
  const gate = createStudyGate();
  const replacing = { stored: index, removal, ...atCheckpoint };
  const folderSync = createFolderSync();
  const sink = createInstanceSink({
    dataDir,
    index,
    limits: deps.limits,
    folderSync,
    ...(deps.lane !== undefined && { lane: deps.lane }),
    now_ms: now,
    onEvent: deps.onEvent,
    conflicts: { policy: deps.conflicts, locks, gate, quarantine: list, replacing },
  });
  const placement = createPlacement({
    studies: folders.studies,
    index,
    folderSync,
    replacing: { ...replacing, newName: randomUUID },
  });
  const quarantine = createQuarantine({
    folder: folders.quarantine,
    limits: { ...defaultQuarantineLimits, ...deps.limits },
    folderSync,
    index: list,
    newName: randomUUID,
    now_ms: now,
    remove: (paths) => removal.run(paths),
  });
  const desk = createQuarantineDesk({
    folder: folders.quarantine,
    list,
    stored: index,
    placement,
    locks,
    gate,
    removal,
    now,
    onDecided: deps.onDecided,
  });
  return {
    sink,
    desk,
    removal,
    gate,
    adopt: (onFound) => adoptQuarantined({ folder: folders.quarantine, index: list, stored: index, onFound }),
    takeUp: (path) => takeUpOrphan(path, { dataDir, index, quarantine, locks }),
    async expire() {
      const before_ms = now() - deps.quarantineKeep_ms;
      let expired = 0;
      for (;;) {
        const paths = await list.expireBefore(before_ms, EXPIRE_BATCH);
        if (paths.length === 0) break;
        await removal.run(paths);
        expired += paths.length / 2;
      }
      await list.forgetBefore(before_ms);
      return expired;
    },
  };
}
