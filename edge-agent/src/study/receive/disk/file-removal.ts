import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '@collimator/shared/files/durable-file';
import type { Checkpoint } from '@collimator/shared/observe/checkpoint';

/** Paths relative to the data folder that are to be deleted, durably noted before anything is. */
export type Removals = {
  /** In order of their names, those behind `after`. */
  pending(after: string, limit: number): readonly string[];
  done(paths: readonly string[]): Promise<void>;
};

export type FileRemoval = {
  /** Deletes these, durably; what fails stays noted for the next start. */
  run(paths: readonly string[]): Promise<void>;
  /** Deletes all that an earlier run left. */
  catchUp(): Promise<void>;
};

const BATCH = 256;

/** Deletes what the database no longer refers to: the note comes first, so that a crash leaves nothing unexplained. */
export function createFileRemoval(deps: {
  readonly dataDir: string;
  readonly removals: Removals;
  readonly onFailed: (error: unknown) => void;
  readonly checkpoint?: Checkpoint;
}): FileRemoval {
  async function run(paths: readonly string[]): Promise<void> {
    const done: string[] = [];
    const folders = new Set<string>();
    for (const path of paths) {
      try {
        await rm(join(deps.dataDir, path), { recursive: true, force: true });
        done.push(path);
        folders.add(dirname(join(deps.dataDir, path)));
      } catch (error) {
        deps.onFailed(error);
      }
    }
    for (const folder of folders) await syncIfThere(folder);
    if (done.length === 0) return;
    deps.checkpoint?.('files-removed');
    await deps.removals.done(done);
  }

  return {
    run,
    async catchUp() {
      for (let last = ''; ; ) {
        const paths = deps.removals.pending(last, BATCH);
        await run(paths);
        // What failed stays noted; it is tried again at the next start, not in a loop.
        last = paths.at(-1) ?? '';
        if (paths.length < BATCH) return;
      }
    },
  };
}

async function syncIfThere(folder: string): Promise<void> {
  try {
    await syncFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
