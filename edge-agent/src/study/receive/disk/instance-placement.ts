import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';
import { dataSetOffset, META_LENGTH_BYTES } from './file-meta.ts';
import type { FileRemoval } from './file-removal.ts';
import type { FolderSync } from './folder-sync.ts';
import type { InstanceHeader } from '../header/instance-header.ts';
import { type IndexOutcome, type InstanceIndex, isConflict } from '../instance-index.ts';
import { type InstancePlace, placeOf, relativePath } from './instance-path.ts';
import { raw } from './raw-files.ts';
import type { StoredInstances } from './stored-instances.ts';

export type Placement = {
  /**
   * Puts a file whose bytes are on disk where its UIDs say, and into the index.
   * After `conflict` the file is still at `file`; otherwise it is in its place, durably, or was there already.
   * Rejects for a failing disk or index; then nothing may be acknowledged, and a repeat heals what is half done.
   * To be called for one SOP instance at a time.
   */
  place(file: string, header: InstanceHeader): Promise<IndexOutcome>;
  /** Where a file goes that the store lane puts into its place; its folder is durable, or gone since it was made. */
  target(uids: Parameters<typeof placeOf>[0]): Promise<{ readonly folder: string; readonly target: string }>;
  /**
   * Puts a file into the index that the store lane has put into its place and taken away from `file`.
   * As `place` otherwise: after a conflict it is at `file` again.
   */
  record(file: string, header: InstanceHeader): Promise<IndexOutcome>;
  /**
   * Puts a file whose bytes are on disk in the place of the instance of the same UID, wherever that is, or into the index
   * where that one is gone. To be called for one SOP instance at a time.
   *
   * @param quarantined the entry of the quarantine that the file is of, which is decided with it
   */
  replace(file: string, header: InstanceHeader, quarantined?: number): Promise<void>;
};

/** What is needed to put one instance in the place of another. */
export type Replacing = {
  readonly stored: StoredInstances;
  /** A name that no file has. */
  readonly newName: () => string;
  readonly removal: Pick<FileRemoval, 'run'>;
  readonly checkpoint?: Checkpoint;
};

/**
 * The index decides, the file follows. A link never replaces a file, so the first one stays whatever happens in
 * between; when a crash left a file that the index does not know, the next arrival either matches it or replaces it.
 */
export function createPlacement(deps: {
  readonly studies: string;
  readonly index: InstanceIndex;
  readonly folderSync: FolderSync;
  /** Without it nothing is ever replaced. */
  readonly replacing?: Replacing;
}): Placement {
  const { folderSync, index } = deps;

  async function linkInto(file: string, place: InstancePlace): Promise<'linked' | 'there'> {
    const study = join(deps.studies, place.study);
    const series = join(study, place.series);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await ensureFolders(study, series);
        await raw.link(file, join(series, place.file));
        // Again, because somebody else may have made the folders anew in between, and not yet durably.
        await ensureFolders(study, series);
        return 'linked';
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'EEXIST') return 'there';
        if (code !== 'ENOENT' || attempt === 2) throw error;
        // Deleted since we made them, by the retention; once more, from the start.
        forgetFolders(study, series);
      }
    }
  }

  /** Resolves when the names of both folders are durable. */
  async function ensureFolders(study: string, series: string): Promise<void> {
    await folderSync.ensure(study);
    await folderSync.ensure(series);
  }

  function forgetFolders(study: string, series: string): void {
    folderSync.forget(study);
    folderSync.forget(series);
  }

  /**
   * What replaced another one has a name of its own. A duplicate of it is not wanted at its ordinary place, where it was
   * put; where the file of that name is gone, it becomes that file.
   */
  async function giveItsName(target: string, header: InstanceHeader, place: InstancePlace): Promise<void> {
    const path = deps.replacing?.stored.pathOf(header.sopInstanceUid);
    if (path === undefined || path === relativePath(place)) return;
    const named = join(dirname(deps.studies), path);
    if (await isThere(named)) return raw.unlink(target);
    await folderSync.ensure(dirname(dirname(named)));
    await folderSync.ensure(dirname(named));
    await rename(target, named);
    await folderSync.sync(dirname(named));
  }

  return {
    async place(file, header) {
      const place = placeOf(header);
      const series = join(deps.studies, place.study, place.series);
      const target = join(series, place.file);
      const found = await linkInto(file, place);
      if (found === 'linked') {
        await folderSync.sync(series);
        const outcome = await index.record(header, relativePath(place));
        // Known although there was no file here: the index has the last word, and what conflicts goes aside.
        if (isConflict(outcome)) await raw.unlink(target);
        else await raw.unlink(file);
        if (outcome === 'duplicate') await giveItsName(target, header, place);
        return outcome;
      }
      const same = (await dataSetSha256(target)) === header.dataSetSha256;
      const outcome = await index.record(header, relativePath(place));
      if (isConflict(outcome)) return outcome;
      if (same) await raw.unlink(file);
      else {
        // The file that is there was never acknowledged, or the index would have named it: a crash left it.
        await rename(file, target);
      }
      await folderSync.sync(series);
      if (outcome === 'duplicate') await giveItsName(target, header, place);
      return outcome;
    },
    async target(uids) {
      const place = placeOf(uids);
      const study = join(deps.studies, place.study);
      const series = join(study, place.series);
      try {
        await ensureFolders(study, series);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        forgetFolders(study, series); // Deleted since we made them; `place` makes them again.
      }
      return { folder: series, target: join(series, place.file) };
    },
    async record(file, header) {
      const place = placeOf(header);
      const study = join(deps.studies, place.study);
      const series = join(study, place.series);
      const target = join(series, place.file);
      await ensureFolders(study, series); // As after a link of ours.
      const outcome = await index.record(header, relativePath(place));
      if (isConflict(outcome)) await rename(target, file);
      else if (outcome === 'duplicate') await giveItsName(target, header, place);
      return outcome;
    },
    async replace(file, header, quarantined) {
      if (deps.replacing === undefined) throw new Error('nothing is replaced here');
      const { stored, newName, removal, checkpoint } = deps.replacing;
      // A name of its own: until the index says otherwise, the old file is the instance.
      const place = placeOf(header);
      const named = { ...place, file: place.file.replace(/\.dcm$/, `-${newName()}.dcm`) };
      if ((await linkInto(file, named)) === 'there') throw new Error('a new name was taken');
      await folderSync.sync(join(deps.studies, place.study, place.series));
      checkpoint?.('replacement-placed');
      const unused = await stored.replace(header, relativePath(named), quarantined);
      checkpoint?.('replacement-indexed');
      await rm(file, { force: true });
      await removal.run(unused);
    },
  };
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

/** SHA-256 of the data set in a file of ours; undefined when it is none. */
export async function dataSetSha256(path: string): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    const head = Buffer.alloc(META_LENGTH_BYTES);
    await handle.read(head, 0, head.length, 0);
    const start = dataSetOffset(head);
    if (start === undefined) return undefined;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path, { start })) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } finally {
    await handle.close();
  }
}
