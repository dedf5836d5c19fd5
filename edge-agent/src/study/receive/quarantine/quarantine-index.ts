import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { QuarantineReason } from './quarantine.ts';

/** A file that is being set aside. */
export type NewEntry = QuarantineReason & {
  /** Name in the folder, without its ending. */
  readonly file: string;
  /** Its sender is told success: it stays until somebody decides, and what it is about is held as long. */
  readonly acknowledged: boolean;
  /** The study that it says it belongs to; undefined where it could not be read. */
  readonly studyInstanceUid: string | undefined;
};

export type Usage = { readonly entries: number; readonly bytes: number };

/** The list of what lies in the quarantine. */
export type QuarantineIndex = {
  usage(): Promise<Usage>;
  /** What became of the very same bytes under the same UID the last time they came; `kept` only where it was acknowledged. */
  before(sopInstanceUid: string, dataSetSha256: string): 'kept' | 'discarded' | undefined;
  /** Whether the very same bytes lie there under the same UID, acknowledged or not. */
  isKept(sopInstanceUid: string, dataSetSha256: string): boolean;
  /** Resolves with its number when it is on the disk. */
  add(entry: NewEntry): Promise<number>;
  /** Lets the oldest entries go whose senders were refused; resolves with their files' paths, none when there are none. */
  expireOldest(limit: number): Promise<readonly string[]>;
};

/** For a node without a database: the folder itself is the list, and nothing is ever taken out of it. */
export function createFolderQuarantineIndex(folder: string): QuarantineIndex {
  let added = 0;
  return {
    async usage() {
      const names = (await readdir(folder)).filter((name) => name.endsWith('.dcm'));
      let bytes = 0;
      for (const name of names) bytes += (await stat(join(folder, name))).size;
      return { entries: names.length, bytes };
    },
    before: () => undefined,
    isKept: () => false,
    add: () => Promise.resolve((added += 1)),
    expireOldest: () => Promise.resolve([]),
  };
}
