import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { isCoded } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';
import type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from '../../dimse/index.ts';
import { type ArrivingFile, createArrivingFile, HELD_BYTES_MAX } from './disk/arriving-file.ts';
import { dataFolders } from './disk/data-folders.ts';
import { encodeFileMeta } from './disk/file-meta.ts';
import { createFolderSync, type FolderSync } from './disk/folder-sync.ts';
import { createFreeSpace } from './disk/free-space.ts';
import { readHeader } from './header/head-reader.ts';
import type { DataSetHeader, InstanceHeader } from './header/instance-header.ts';
import { type IndexConflict, type InstanceIndex, isConflict } from './instance-index.ts';
import { placeOf, relativePath } from './disk/instance-path.ts';
import { createPlacement, type Replacing } from './disk/instance-placement.ts';
import { createKeyedLock, type KeyedLock } from './keyed-lock.ts';
import {
  createQuarantine,
  defaultQuarantineLimits,
  type Keeping,
  type QuarantineLimits,
  type QuarantineReason,
} from './quarantine/quarantine.ts';
import { createFolderQuarantineIndex, type QuarantineIndex } from './quarantine/quarantine-index.ts';
import type { ConflictAction, ReceiveEvent } from './receive-events.ts';
import { type StoreAnswer, storeAnswers } from './store-answers.ts';
import { type StoreLane, StoreLaneError } from './disk/store-lane.ts';
import type { ConflictPolicy } from './disk/stored-instances.ts';
import { createStudyGate, type StudyGate } from './study-gate.ts';

export type ReceiveLimits = QuarantineLimits & {
  /** Longest data set taken, bytes. */
  readonly objectBytesMax: number;
  /** Free space below which nothing more is taken, bytes: the rest of the appliance needs it to finish what it has. */
  readonly freeBytesMin: number;
};

export const defaultReceiveLimits: ReceiveLimits = {
  ...defaultQuarantineLimits,
  objectBytesMax: 8 * 1024 ** 3,
  freeBytesMin: 1024 ** 3,
};

export type InstanceSinkDeps = {
  /** Absolute; `sweepIncoming(dataDir)` has made its folders. */
  readonly dataDir: string;
  readonly index: InstanceIndex;
  readonly limits?: Partial<ReceiveLimits>;
  readonly onEvent?: (event: ReceiveEvent) => void;
  /** What is done with other bytes under a known UID; without it they are set aside and nobody is held. */
  readonly conflicts?: Conflicts;
  /** The same as that of whoever else puts files below `studies/`: a folder that one of them made anew is new to all. */
  readonly folderSync?: FolderSync;
  /** The short way of small objects to the disk; without it all take the ordinary one. */
  readonly lane?: StoreLane;
  /** A name that no file has; a random UUID when absent. */
  readonly newName?: () => string;
  /** Wall clock, ms since 1970. */
  readonly now_ms?: () => number;
  /** Free space of the data folder when so many more bytes are written; asked of the file system when absent. */
  readonly freeBytes?: (toWrite_bytes: number) => Promise<number>;
};

/** The policy for conflicts, and what it needs. `locks` are shared with whoever else replaces instances. */
export type Conflicts = {
  readonly policy: ConflictPolicy;
  readonly locks: KeyedLock;
  /** Keeps arrivals out of a study that is being removed. */
  readonly gate: StudyGate;
  readonly quarantine: QuarantineIndex;
  readonly replacing: Omit<Replacing, 'newName'>;
};

type Facts = StoreRequest & { readonly dataSetSha256: string; readonly dataSetBytes: number };

/** Bytes of one object after which the free space is asked for again: one large object must not eat the reserve. */
const FREE_CHECK_BYTES = 64 * 1024 ** 2;

/**
 * Where received instances go: `incoming/<name>.part` → fdatasync → `studies/…` → index → the answer. The header is read
 * before or after the fdatasync, which makes no difference to anybody.
 * Statuses as PS3.4 Table B.2-1 has them: A700 for a disk that takes no more, A900 where command and data set differ,
 * C000 for what cannot be read, 0000 only for what is durable. What throws is a fault of ours, and becomes 0110.
 */
export function createInstanceSink(deps: InstanceSinkDeps): StoreSink {
  const limits = { ...defaultReceiveLimits, ...deps.limits };
  const folders = dataFolders(deps.dataDir);
  const newName = deps.newName ?? randomUUID;
  const tell = deps.onEvent ?? (() => undefined);
  const folderSync = deps.folderSync ?? createFolderSync();
  const { conflicts } = deps;
  const locks = conflicts?.locks ?? createKeyedLock();
  const gate = conflicts?.gate ?? createStudyGate();
  const replacing = conflicts === undefined ? undefined : { ...conflicts.replacing, newName };
  const placement = createPlacement({
    studies: folders.studies,
    index: deps.index,
    folderSync,
    ...(replacing !== undefined && { replacing }),
  });
  const quarantine = createQuarantine({
    folder: folders.quarantine,
    limits,
    folderSync,
    index: conflicts?.quarantine ?? createFolderQuarantineIndex(folders.quarantine),
    remove: (paths) => conflicts?.replacing.removal.run(paths) ?? Promise.resolve(),
    ...(conflicts?.replacing.checkpoint !== undefined && { checkpoint: conflicts.replacing.checkpoint }),
    newName,
    now_ms: deps.now_ms ?? Date.now,
  });
  const freeBytes = deps.freeBytes ?? createFreeSpace(deps.dataDir);

  async function setAside(
    file: ArrivingFile,
    facts: Facts,
    code: ErrorCode,
    why: string,
    keeping: Keeping = { acknowledged: false, studyInstanceUid: undefined },
  ): Promise<boolean> {
    const entry = await quarantine.keep(file.path, { code, why, ...reasonOf(facts) }, keeping);
    const kept = entry !== undefined;
    if (kept) file.leave();
    const { sopInstanceUid, callingAeTitle } = facts;
    tell({ type: 'quarantined', code, why, sopInstanceUid, callingAeTitle, entry, kept });
    return kept;
  }

  const factsOf = (file: ArrivingFile, request: StoreRequest): Facts => ({
    ...request,
    dataSetSha256: file.contentSha256(),
    dataSetBytes: file.contentBytes(),
  });

  const readFrom = (
    file: ArrivingFile,
    request: StoreRequest,
    offset: number,
  ): Promise<Result<DataSetHeader, string>> =>
    readHeader(file.source(), offset, file.contentBytes(), request.transferSyntaxUid);

  /** Settles what is on disk at its temporary path, whatever it is. */
  async function settle(file: ArrivingFile, request: StoreRequest, offset: number): Promise<StoreOutcome> {
    const read = await readFrom(file, request, offset);
    await file.close();
    if (!read.ok) {
      await setAside(file, factsOf(file, request), 'dicom-unparsable', read.error);
      return outcome('cannotUnderstand', read.error);
    }
    const mismatch = mismatchOf(request, read.value);
    if (mismatch === undefined) return settleGood(file, read.value, request, async () => false);
    await setAside(file, factsOf(file, request), 'dicom-data-set-mismatch', mismatch);
    return outcome('dataSetDoesNotMatchSopClass', mismatch);
  }

  /**
   * Settles an instance that has nothing wrong with it.
   *
   * @param put makes the file as far as it is not made yet; true when it is in its place already. Called when nothing
   *   else goes on with this instance
   */
  async function settleGood(
    file: ArrivingFile,
    read: DataSetHeader,
    request: StoreRequest,
    put: () => Promise<boolean>,
  ): Promise<StoreOutcome> {
    const settled = async () => {
      const isPlaced = await put();
      const whole: InstanceHeader = { ...read, ...factsOf(file, request) };
      const first = await (isPlaced ? placement.record(file.path, whole) : placement.place(file.path, whole));
      const displaces = first === 'displaces-prior';
      if (!displaces && (first !== 'conflict' || conflicts?.policy !== 'replace'))
        return { header: whole, placed: first };
      await placement.replace(file.path, whole);
      return { header: whole, placed: displaces ? ('stored' as const) : ('replaced' as const) };
    };
    const { header, placed } = await gate.enter(read.studyInstanceUid, () => locks.run(read.sopInstanceUid, settled));
    const { callingAeTitle } = request;
    if (placed !== 'replaced' && isConflict(placed))
      return settleConflict(file, header, factsOf(file, request), placed);
    file.leave();
    if (placed === 'replaced') tell({ type: 'instance-conflict', action: 'replaced', callingAeTitle });
    tell({ type: 'instance-placed', header, path: relativePath(placeOf(header)), duplicate: placed === 'duplicate' });
    return outcome('success');
  }

  /**
   * PS3.4 Table B.2-1 has a warning for what is stored otherwise than it was sent (B006): so the sender learns that the
   * first object stays. A copy that is set aside is success: it is on disk, and the decision about it is ours.
   */
  async function settleConflict(
    file: ArrivingFile,
    header: InstanceHeader,
    facts: Facts,
    which: IndexConflict,
  ): Promise<StoreOutcome> {
    // Of a prior it suffices that there is one copy, and nobody is to decide about it.
    if (which === 'conflict-of-prior') return outcome('elementsDiscarded', 'another object with this UID is kept');
    const { callingAeTitle, studyInstanceUid } = header;
    const conflict = (action: ConflictAction): void => tell({ type: 'instance-conflict', action, callingAeTitle });
    const before = quarantine.before(header.sopInstanceUid, header.dataSetSha256);
    if (which === 'conflict-of-own' || conflicts?.policy === 'keep-first' || before === 'discarded') {
      conflict(which === 'conflict-of-own' ? 'own-kept' : 'first-kept');
      return outcome('elementsDiscarded', 'another object with this UID is kept');
    }
    if (before === 'kept') {
      conflict('known');
      return outcome('success');
    }
    const why = 'the same SOP instance UID is stored with other content';
    const keeping = { acknowledged: true, studyInstanceUid };
    const kept = await setAside(file, facts, 'dicom-instance-conflict', why, keeping);
    if (!kept) return outcome('outOfResources', 'no room for a conflicting copy');
    conflict('quarantined');
    return outcome('success');
  }

  function writeInto(file: ArrivingFile, request: StoreRequest, offset: number): StoreWrite {
    let received = 0;
    let nextCheck = FREE_CHECK_BYTES;
    let refused: StoreOutcome | undefined;

    /** The rest is still read from the sender, who listens for an answer only after it. */
    async function refuse(error: unknown, comment: string): Promise<void> {
      refused = outcome('outOfResources', comment);
      tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
      await file.discard();
    }

    return {
      async write(bytes) {
        if (refused !== undefined) return;
        received += bytes.length;
        if (received > limits.objectBytesMax)
          return refuse(new RangeError(`more than ${limits.objectBytesMax} bytes`), 'object too large');
        try {
          if (received >= nextCheck) {
            nextCheck += FREE_CHECK_BYTES;
            const free = await freeBytes(FREE_CHECK_BYTES);
            if (free < limits.freeBytesMin)
              return await refuse(new RangeError(`${free} bytes are free`), 'too little space left');
          }
          await file.append(bytes);
        } catch (error) {
          await refuse(error, 'cannot write');
        }
      },
      async commit() {
        if (refused !== undefined) return refused;
        try {
          const { lane } = deps;
          if (lane !== undefined && file.isInSlot()) {
            const read = await readFrom(file, request, offset);
            if (read.ok && mismatchOf(request, read.value) === undefined)
              return await settleGood(file, read.value, request, async () => {
                const place = await file.store(lane, await placement.target(read.value));
                return place === 'placed';
              });
          }
          try {
            await file.sync();
          } catch (error) {
            await refuse(error, 'cannot write');
            return outcome('outOfResources', 'cannot write');
          }
          return await settle(file, request, offset);
        } catch (error) {
          const full = isOutOfResources(error);
          if (!full && !(error instanceof StoreLaneError)) throw error;
          tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
          return outcome('outOfResources', full ? 'no space' : 'cannot write');
        } finally {
          await file.discard();
        }
      },
      abort: () => file.discard(),
    };
  }

  return {
    async begin(request): Promise<Result<StoreWrite, StoreOutcome>> {
      const meta = encodeFileMeta({ ...request, sourceAeTitle: request.callingAeTitle });
      try {
        if ((await freeBytes(HELD_BYTES_MAX)) < limits.freeBytesMin)
          return err(outcome('outOfResources', 'too little space left'));
        const file = createArrivingFile(join(folders.incoming, `${newName()}.part`), meta, deps.lane?.slot());
        return ok(writeInto(file, request, meta.length));
      } catch (error) {
        tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
        return err(outcome('outOfResources', 'cannot write'));
      }
    },
  };
}

/** What the note beside an object says; nothing else of the request goes there. */
const reasonOf = (facts: Omit<QuarantineReason, 'code' | 'why'>): Omit<QuarantineReason, 'code' | 'why'> => {
  const { sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetSha256, dataSetBytes } = facts;
  const { callingAeTitle, calledAeTitle, remoteAddress, associationId } = facts;
  return {
    ...{ sopClassUid, sopInstanceUid, transferSyntaxUid, dataSetSha256, dataSetBytes },
    ...{ callingAeTitle, calledAeTitle, remoteAddress, associationId },
  };
};

function mismatchOf(
  request: StoreRequest,
  dataSet: { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly studyInstanceUid: string },
): string | undefined {
  if (dataSet.sopClassUid !== request.sopClassUid) return 'SOP class UID differs from the command';
  if (request.studyInstanceUid !== undefined && dataSet.studyInstanceUid !== request.studyInstanceUid)
    return 'study instance UID differs from the one that it was posted to';
  return dataSet.sopInstanceUid === request.sopInstanceUid ? undefined : 'SOP instance UID differs from the command';
}

const outcome = (name: StoreAnswer, comment?: string): StoreOutcome => ({
  status: storeAnswers[name].code,
  ...(comment === undefined ? {} : { comment }),
});

/** A full disk, also where the database meets it: the sender tries again later, for nothing is wrong with the object. */
const isOutOfResources = (error: unknown): boolean =>
  isCoded(error, 'store-unavailable') ||
  (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'));
