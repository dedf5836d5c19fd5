import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Folders whose existence is known to be durable that are remembered; forgetting one costs an fsync. */
export const REMEMBERED_FOLDERS_MAX = 4_096;

export type FolderSync = {
  /** Makes the names inside a folder durable. Calls that meet share one fsync that begins after each of them. */
  sync(folder: string): Promise<void>;
  /** Makes a folder inside an existing one, durably. */
  ensure(folder: string): Promise<void>;
  /** The folder may have been deleted by somebody else. */
  forget(folder: string): void;
};

export function createFolderSync(): FolderSync {
  const running = new Map<string, { readonly now: Promise<void>; next: Promise<void> | undefined }>();
  const durable = new Map<string, Promise<void>>();

  function begin(folder: string): Promise<void> {
    const now = fsyncFolder(folder).finally(() => {
      if (running.get(folder)?.now === now) running.delete(folder);
    });
    running.set(folder, { now, next: undefined });
    return now;
  }

  function sync(folder: string): Promise<void> {
    const entry = running.get(folder);
    if (entry === undefined) return begin(folder);
    // The one under way may have begun before our change; the next one is for all who come until it begins.
    entry.next ??= entry.now.then(
      () => begin(folder),
      () => begin(folder),
    );
    return entry.next;
  }

  return {
    sync,
    ensure(folder) {
      const known = durable.get(folder);
      if (known !== undefined) return known;
      const made = mkdir(folder, { recursive: false })
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw error;
        })
        // Even a folder that was there may not be durable: whoever made it may have died before its fsync.
        .then(() => sync(dirname(folder)));
      made.catch(() => durable.delete(folder));
      const oldest = durable.size >= REMEMBERED_FOLDERS_MAX ? durable.keys().next().value : undefined;
      if (oldest !== undefined) durable.delete(oldest);
      durable.set(folder, made);
      return made;
    },
    forget: (folder) => void durable.delete(folder),
  };
}

async function fsyncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
