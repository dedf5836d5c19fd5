import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import type { FolderSync } from './folder-sync.ts';

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

export type Quarantine = {
  /** Moves a file in, durably. False, and the file stays where it is, when there is no room left. */
  keep(file: string, reason: QuarantineReason): Promise<boolean>;
};

export function createQuarantine(deps: {
  readonly folder: string;
  readonly limits: QuarantineLimits;
  readonly folderSync: FolderSync;
  readonly newName: () => string;
  readonly now_ms: () => number;
}): Quarantine {
  let used: Promise<{ files: number; bytes: number }> | undefined;

  async function count(): Promise<{ files: number; bytes: number }> {
    const names = (await readdir(deps.folder)).filter((name) => name.endsWith('.dcm'));
    let bytes = 0;
    for (const name of names) bytes += (await stat(join(deps.folder, name))).size;
    return { files: names.length, bytes };
  }

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

  return {
    async keep(file, reason) {
      used ??= count().catch((error: unknown) => {
        used = undefined; // Asked again next time.
        throw error;
      });
      const room = await used;
      const { size } = await stat(file);
      if (room.files >= deps.limits.filesMax || room.bytes + size > deps.limits.bytesMax) return false;
      room.files += 1;
      room.bytes += size;
      try {
        await moveIn(file, deps.newName(), reason);
      } catch (error) {
        room.files -= 1;
        room.bytes -= size;
        throw error;
      }
      await deps.folderSync.sync(deps.folder);
      return true;
    },
  };
}
