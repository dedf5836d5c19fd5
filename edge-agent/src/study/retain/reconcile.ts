import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '@collimator/shared/observe/log';
import type { StoredStudies, StudyFolder } from '../../store/sqlite-stored-studies.ts';
import type { StudyGate } from '../receive/study-gate.ts';
import type { Found } from '../receive/disk/take-up-orphan.ts';
import { removeIfEmpty } from './remove-if-empty.ts';

export type ReconcileDeps = {
  readonly studies: StoredStudies;
  /** Absolute. */
  readonly dataDir: string;
  /** What came after the start is none of this: it may be on its way between the folder and the index. */
  readonly startedAt_ms: number;
  /** Puts a file into the index that it does not have, or sets it aside; see `takeUpOrphan`. */
  readonly takeUp: (path: string) => Promise<Found>;
  /** The same as the sink's: a study that is being removed is not compared. */
  readonly gate: StudyGate;
  /** Waits between two studies, so that receiving has the disk. */
  readonly pause: () => Promise<void>;
  readonly stopped: () => boolean;
  readonly log: Log;
};

export type Reconciled = {
  readonly files: number;
  readonly missing: number;
  readonly indexed: number;
  readonly setAside: number;
};

/** Studies read from the index at a time. */
const BATCH = 64;

/**
 * Compares the index with the folder of the studies, once after each start. A crash between the two leaves a file that no
 * sender was told success for; a failing disk or a person leaves rows without a file. Nothing is deleted here without a
 * word: what the index does not know is taken up or set aside, and what is missing is told.
 */
export async function reconcile(deps: ReconcileDeps): Promise<Reconciled> {
  const { studies, dataDir, log } = deps;
  const root = join(dataDir, 'studies');
  const unknown = new Set(await readdir(root));
  const total = { files: 0, missing: 0, indexed: 0, setAside: 0 };

  async function compare(folder: string, study?: StudyFolder): Promise<void> {
    const known = new Set(study === undefined ? [] : studies.paths(study.studyId, deps.startedAt_ms));
    for (const path of await filesBelow(join(root, folder), `studies/${folder}`)) {
      total.files += 1;
      if (!known.delete(path)) await settle(path);
    }
    if (known.size === 0 || study === undefined) return;
    total.missing += known.size;
    log.event('study-files-missing', { study: study.studyId, files: known.size });
  }

  async function settle(path: string): Promise<void> {
    if (studies.isToBeRemoved(path) || (await stat(join(dataDir, path))).mtimeMs >= deps.startedAt_ms) return;
    const found = await deps.takeUp(path);
    if (found === 'indexed') total.indexed += 1;
    if (found === 'set-aside') total.setAside += 1;
    log.event('file-without-row', { found });
  }

  /** What a removal left that was cut off between the files and their folders. Who is just filling it makes it again. */
  async function removeEmptyIn(folder: string): Promise<void> {
    const inside = await readdir(folder, { withFileTypes: true });
    const series = inside.filter((one) => one.isDirectory()).map(({ name }) => join(folder, name));
    for (const one of [...series, folder]) await removeIfEmpty(one);
  }

  for (let after = 0; !deps.stopped(); ) {
    const batch = studies.folders(after, BATCH);
    for (const one of batch) {
      unknown.delete(one.folder);
      await deps.gate.enter(one.studyInstanceUid, () => compare(one.folder, one));
      await deps.pause();
    }
    after = batch.at(-1)?.studyId ?? after;
    if (batch.length < BATCH) break;
  }
  for (const folder of unknown) {
    if (deps.stopped()) break;
    const isOld = (await stat(join(root, folder))).ctimeMs <= deps.startedAt_ms;
    await compare(folder);
    if (isOld) await removeEmptyIn(join(root, folder));
    await deps.pause();
  }
  return total;
}

/** Relative paths of the images in a study's folder: series below it, files below those. */
async function filesBelow(folder: string, relative: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => `${relative}${entry.parentPath.slice(folder.length)}/${entry.name}`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
