import { closeSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { raw } from './raw-files.ts';

/** Folders whose existence is known to be durable that are remembered; forgetting one costs an fsync. */
export const REMEMBERED_FOLDERS_MAX = 4_096;
/** Folders that are held open; the one used longest ago is closed for the next. */
export const OPEN_FOLDERS_MAX = 32;

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
  /** In the order of use. */
  const opened = new Map<string, OpenFolder>();

  /** Held open while it syncs, and afterwards for the next: a series is hundreds of images in one folder. */
  async function fsyncFolder(path: string): Promise<void> {
    const folder = opened.get(path) ?? { fd: raw.open(path, 'r'), syncs: 0, dropped: false };
    opened.delete(path);
    opened.set(path, folder);
    folder.syncs += 1;
    try {
      await raw.fsync(await folder.fd);
    } catch (error) {
      drop(path, folder);
      throw error;
    } finally {
      folder.syncs -= 1;
      if (folder.dropped) closeUnused(folder);
    }
    if (opened.size <= OPEN_FOLDERS_MAX) return;
    const oldest = opened.entries().next().value;
    if (oldest !== undefined) drop(...oldest);
  }

  function drop(path: string, folder: OpenFolder): void {
    if (opened.get(path) === folder) opened.delete(path);
    folder.dropped = true;
    closeUnused(folder);
  }

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
    forget(folder) {
      durable.delete(folder);
      // The descriptor is of the folder that was deleted: syncing that one would say nothing of the next.
      const known = opened.get(folder);
      if (known !== undefined) drop(folder, known);
    },
  };
}

type OpenFolder = { readonly fd: Promise<number>; syncs: number; dropped: boolean };

function closeUnused(folder: OpenFolder): void {
  if (folder.syncs === 0) void folder.fd.then(closeSync, () => undefined);
}
