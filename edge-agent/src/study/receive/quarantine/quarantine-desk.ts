import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { err, ok, type Result } from '@collimator/shared/result';
import type { QuarantineEntry, QuarantineList } from '../../../store/sqlite-quarantine.ts';
import { dataSetOffset, META_LENGTH_BYTES } from '../disk/file-meta.ts';
import type { FileRemoval } from '../disk/file-removal.ts';
import { readHeader } from '../header/head-reader.ts';
import { dataSetSha256, type Placement } from '../disk/instance-placement.ts';
import type { DataSetHeader, InstanceHeader } from '../header/instance-header.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { Usage } from './quarantine-index.ts';
import type { StoredInstances } from '../disk/stored-instances.ts';
import type { StudyGate } from '../study-gate.ts';

export type DeskRefusal = { readonly code: ErrorCode; readonly detail: string };

/** Where a person decides about what was set aside. */
export type QuarantineDesk = {
  /** What lies there now. */
  size(): Usage;
  kept(limit: number): readonly QuarantineEntry[];
  get(entryId: number): QuarantineEntry | undefined;
  /** Internal ids of the studies that it holds. */
  holds(entryId: number): readonly number[];
  /**
   * Takes the object in. A conflicting copy replaces the stored one, as the policy `replace` would have done; what could
   * not be read is tried again. Its study goes on when nothing else holds it.
   */
  release(entryId: number): Promise<Result<void, DeskRefusal>>;
  /** Deletes the object. Of a conflict the first one stays, and its study goes on when nothing else holds it. */
  discard(entryId: number): Promise<Result<void, DeskRefusal>>;
};

export type QuarantineDeskDeps = {
  /** Absolute path of the quarantine. */
  readonly folder: string;
  readonly list: QuarantineList;
  readonly stored: StoredInstances;
  readonly placement: Pick<Placement, 'replace'>;
  /** The same as the sink's. */
  readonly locks: KeyedLock;
  readonly gate: StudyGate;
  readonly removal: Pick<FileRemoval, 'run'>;
  readonly now: () => number;
  /** Something was decided, so that studies may go on. */
  readonly onDecided: (entryId: number, decision: 'released' | 'discarded') => void;
};

const refuse = (code: ErrorCode, detail: string): Result<never, DeskRefusal> => err({ code, detail });

export function createQuarantineDesk(deps: QuarantineDeskDeps): QuarantineDesk {
  const { list } = deps;

  async function readAgain(entry: QuarantineEntry): Promise<Result<DataSetHeader, DeskRefusal>> {
    const file = join(deps.folder, `${entry.file}.dcm`);
    const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => error);
    if (handle instanceof Error) return refuse('quarantine-file-damaged', `${entry.entryId} (${handle.code})`);
    try {
      if ((await dataSetSha256(file)) !== entry.dataSetSha256)
        return refuse('quarantine-file-damaged', `${entry.entryId} (its digest has changed)`);
      const head = Buffer.alloc(META_LENGTH_BYTES);
      await handle.read(head, 0, head.length, 0);
      const read = await readHeader(handle, dataSetOffset(head) ?? 0, entry.dataSetBytes, entry.transferSyntaxUid);
      return read.ok ? read : refuse('quarantine-still-refused', `${entry.entryId}: ${read.error}`);
    } finally {
      await handle.close();
    }
  }

  async function takeIn(entry: QuarantineEntry): Promise<Result<void, DeskRefusal>> {
    const read = await readAgain(entry);
    if (!read.ok) return read;
    const header: InstanceHeader = { ...entry, ...read.value };
    const still = (why: string): Result<never, DeskRefusal> =>
      refuse('quarantine-still-refused', `${entry.entryId}: ${why}`);
    if (header.sopInstanceUid !== entry.sopInstanceUid || header.sopClassUid !== entry.sopClassUid)
      return still('the object is not what its sender announced');
    if (entry.acknowledged === 0 && deps.stored.pathOf(header.sopInstanceUid) !== undefined)
      return still('another object is stored under its UID');
    const file = join(deps.folder, `${entry.file}.dcm`);
    await deps.gate.enter(header.studyInstanceUid, () => deps.placement.replace(file, header, entry.entryId));
    return ok(undefined);
  }

  /** One decision about an entry at a time, and none while its instance arrives again. */
  const decideOn = async (
    entryId: number,
    decision: 'released' | 'discarded',
    act: (entry: QuarantineEntry) => Promise<Result<void, DeskRefusal>>,
  ): Promise<Result<void, DeskRefusal>> => {
    const uid = list.get(entryId)?.sopInstanceUid;
    if (uid === undefined) return refuse('quarantine-entry-unknown', `${entryId}`);
    const done = await deps.locks.run(uid, async () => {
      const entry = list.get(entryId);
      if (entry?.state !== 'kept') return refuse('quarantine-entry-unknown', `${entryId}`);
      return act(entry);
    });
    if (done.ok) deps.onDecided(entryId, decision);
    return done;
  };

  return {
    size: () => list.size(),
    kept: (limit) => list.kept(limit),
    get: (entryId) => list.get(entryId),
    holds: (entryId) => list.holds(entryId),
    release: (entryId) => decideOn(entryId, 'released', takeIn),
    discard: (entryId) =>
      decideOn(entryId, 'discarded', async () => {
        await deps.removal.run(await list.discard(entryId, deps.now()));
        return ok(undefined);
      }),
  };
}
