import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '@collimator/shared/files/durable-file';

/** The folders of receiving, inside the data folder; all on one file system. They are nobody else's: `incoming` is emptied. */
export type DataFolders = { readonly incoming: string; readonly studies: string; readonly quarantine: string };

export const dataFolders = (dataDir: string): DataFolders => ({
  incoming: join(dataDir, 'incoming'),
  studies: join(dataDir, 'studies'),
  quarantine: join(dataDir, 'quarantine'),
});

/**
 * To be called once before anything is received: makes the folders, and removes what a crash left half received.
 * Nothing in `incoming` was ever acknowledged.
 *
 * @returns how many files were removed
 */
export async function sweepIncoming(dataDir: string): Promise<number> {
  const folders = dataFolders(dataDir);
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  // Even those that were there may not be durable: whoever made them may have died before this.
  await syncFolder(dataDir);
  const left = await readdir(folders.incoming);
  for (const name of left) await rm(join(folders.incoming, name), { recursive: true, force: true });
  return left.length;
}
