import { join } from 'node:path';
import type { ReleaseRef } from '@collimator/shared/contracts/common';
import { CodedError, isCoded } from '@collimator/shared/errors/coded-error';
import { pipelineProblems } from '@collimator/shared/imaging/pipeline-problems';
import type { Log } from '@collimator/shared/observe/log';
import { listFiles, manifestDigest, releaseJson } from '@collimator/shared/release/list-files';
import { fileListProblem } from '@collimator/shared/release/file-list';
import type { Store } from '@collimator/shared/sqlite/store';
import { createTurns } from '../turns.ts';
import { type ObjectStore, openObjectStore } from './object-store.ts';
import { missingFiles, readDraft } from './read-draft.ts';

/** A release as the hub keeps it. `length` is that of release.json, `bytes` of all its files. */
export type RegisteredRelease = {
  readonly ref: ReleaseRef;
  readonly length: number;
  readonly bytes: number;
  readonly run: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly created: string;
};

export interface Registry {
  readonly objects: ObjectStore;
  /**
   * Takes in a folder that a training run left: validates it, adds the file list, keeps every chunk on the disk, and
   * only then the row. The same folder again gives the same ref. The folder is not changed.
   * @throws CodedError `release-invalid`, `release-path-unsafe`, `release-conflict`
   */
  register(folder: string): Promise<ReleaseRef>;
  list(): readonly RegisteredRelease[];
  get(name: string, version: string): RegisteredRelease | undefined;
  readRange: ObjectStore['readRange'];
}

export type RegistryDeps = {
  readonly store: Store;
  /** Objects lie under `<dir>/objects/sha256/aa/…`. */
  readonly dir: string;
  readonly log: Log;
  readonly now: () => Date;
};

type ReleaseRow = {
  name: string;
  version: string;
  sha256: string;
  manifest_bytes: number;
  bytes: number;
  run: string;
  metrics: string;
  created: string;
};

const columns = 'name, version, sha256, manifest_bytes, bytes, run, metrics, created';
export const getReleaseSql = `SELECT ${columns} FROM releases WHERE name = ? AND version = ?`;
const listSql = `SELECT ${columns} FROM releases ORDER BY registered_at DESC, name, version`;
const insertSql = `INSERT INTO releases (${columns}, registered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function createRegistry({ store, dir, log, now }: RegistryDeps): Registry {
  const objects = openObjectStore(join(dir, 'objects'));
  /** One at a time: cutting and zipping is heavy, and two may be the same. */
  const inTurn = createTurns();
  const get = (name: string, version: string) => {
    const row = store.get<ReleaseRow>(getReleaseSql, name, version);
    return row && fromRow(row);
  };
  return {
    objects,
    readRange: objects.readRange,
    get,
    list: () => store.all<ReleaseRow>(listSql).map(fromRow),
    register: (folder) => inTurn(() => registerNow(folder)),
  };

  async function registerNow(folder: string): Promise<ReleaseRef> {
    const draft = await readDraft(folder);
    const files = await listFiles(folder, objects.putChunk);
    const problem = fileListProblem(files);
    if (problem !== undefined) throw new CodedError(problem.code, problem.detail);
    // What no appliance could run is refused here, before anybody signs it.
    const problems = [...missingFiles(draft, files), ...pipelineProblems(draft)];
    if (problems.length > 0) throw new CodedError('release-invalid', problems.join('; '));

    const manifest = releaseJson({ ...draft, files });
    const ref = { name: draft.name, version: draft.version, sha256: manifestDigest(manifest) };
    const same = () => sameOrConflict(get(ref.name, ref.version), ref);
    if (same()) return ref;
    await objects.put(manifest);
    const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
    const metrics = Object.fromEntries(Object.entries(draft.evaluation.metrics).map(([name, m]) => [name, m.value]));
    try {
      const row = [manifest.length, bytes, draft.provenance.run, JSON.stringify(metrics), draft.created];
      const params = [ref.name, ref.version, ref.sha256, ...row, now().toISOString()];
      await store.write([{ sql: insertSql, params, expectChanges: 1 }]);
    } catch (error) {
      // Somebody registered it between our look and our write.
      if (isCoded(error, 'store-unavailable') || !same()) throw error;
      return ref;
    }
    log.event('release-registered', { ...ref, bytes, files: Object.keys(files).length });
    return ref;
  }
}

/** Whether it is there already. @throws CodedError `release-conflict` when something else is */
function sameOrConflict(there: RegisteredRelease | undefined, ref: ReleaseRef): boolean {
  if (there === undefined) return false;
  if (there.ref.sha256 === ref.sha256) return true;
  throw new CodedError('release-conflict', `${ref.name} ${ref.version} is ${there.ref.sha256.slice(0, 12)}`);
}

const fromRow = (row: ReleaseRow): RegisteredRelease => ({
  ref: { name: row.name, version: row.version, sha256: row.sha256 },
  length: row.manifest_bytes,
  bytes: row.bytes,
  run: row.run,
  metrics: JSON.parse(row.metrics) as Record<string, number>,
  created: row.created,
});
