import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import type { FolderSync } from '../disk/folder-sync.ts';
import type { QuarantineIndex, Usage } from './quarantine-index.ts';

/** Why an object is kept apart; written beside it as JSON. Holds no element of the patient. */
export type QuarantineReason = {
  readonly code: ErrorCode;
  readonly why: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly remoteAddress: string;
  readonly associationId: string;
  readonly dataSetSha256: string;
  readonly dataSetBytes: number;
};

export type QuarantineLimits = { readonly filesMax: number; readonly bytesMax: number };
export const defaultQuarantineLimits: QuarantineLimits = { filesMax: 10_000, bytesMax: 20 * 1024 ** 3 };

/** How an object is kept; see `NewEntry`. */
export type Keeping = { readonly acknowledged: boolean; readonly studyInstanceUid: string | undefined };

export type Quarantine = {
  /**
   * Moves a file in, durably, and gives its number. Undefined, and the file stays where it is, when there is no room
   * left: what was refused makes way, the oldest first; what was acknowledged does not.
   */
  keep(file: string, reason: QuarantineReason, keeping: Keeping): Promise<number | undefined>;
  /** What became of these bytes under this UID the last time they came. */
  before: QuarantineIndex['before'];
  isKept: QuarantineIndex['isKept'];
};

/** Entries that make way at a time. */
const EXPIRE_BATCH = 16;

export function createQuarantine(deps: {
  readonly folder: string;
  readonly limits: QuarantineLimits;
  readonly folderSync: FolderSync;
  readonly index: QuarantineIndex;
  readonly newName: () => string;
  readonly now_ms: () => number;
  /** Deletes what made way; paths are relative to the data folder. */
  readonly remove: (paths: readonly string[]) => Promise<void>;
  readonly checkpoint?: Checkpoint;
}): Quarantine {
  const { index, limits } = deps;
  /** What is on its way in and not in the list yet. */
  const coming = { entries: 0, bytes: 0 };

  /** The note first, so that no object lies there without its reason. */
  async function moveIn(file: string, name: string, reason: QuarantineReason): Promise<void> {
    const notePath = join(deps.folder, `${name}.json`);
    const note = await open(notePath, 'wx');
    try {
      try {
        await note.writeFile(`${JSON.stringify({ at: new Date(deps.now_ms()).toISOString(), ...reason }, null, 2)}\n`);
        await note.sync();
      } finally {
        await note.close();
      }
      await rename(file, join(deps.folder, `${name}.dcm`));
    } catch (error) {
      await rm(notePath, { force: true });
      throw error;
    }
  }

  async function hasRoom(): Promise<boolean> {
    const fits = ({ entries, bytes }: Usage): boolean =>
      entries + coming.entries <= limits.filesMax && bytes + coming.bytes <= limits.bytesMax;
    while (!fits(await index.usage())) {
      const expired = await index.expireOldest(EXPIRE_BATCH);
      if (expired.length === 0) return false;
      await deps.remove(expired);
    }
    return true;
  }

  return {
    before: (sopInstanceUid, sha256) => index.before(sopInstanceUid, sha256),
    isKept: (sopInstanceUid, sha256) => index.isKept(sopInstanceUid, sha256),
    async keep(file, reason, keeping) {
      const { size } = await stat(file);
      coming.entries += 1;
      coming.bytes += size;
      try {
        if (!(await hasRoom())) return undefined;
        const name = deps.newName();
        await moveIn(file, name, reason);
        await deps.folderSync.sync(deps.folder);
        deps.checkpoint?.('quarantine-moved');
        return await index.add({ ...reason, ...keeping, file: name });
      } finally {
        coming.entries -= 1;
        coming.bytes -= size;
      }
    },
  };
}
