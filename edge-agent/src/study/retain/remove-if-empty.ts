import { rmdir } from 'node:fs/promises';

/** Removes a folder that nothing lies in; one that holds something stays, and one that is gone is no fault. */
export async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  });
}
