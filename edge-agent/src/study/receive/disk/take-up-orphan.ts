import { access, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeFolder, syncFile, syncFolder } from '@collimator/shared/files/durable-file';
import type { InstanceHeader } from '../header/instance-header.ts';
import { type FileMeta, dataSetOffset, decodeFileMeta, META_LENGTH_BYTES } from './file-meta.ts';
import { readHeader } from '../header/head-reader.ts';
import type { InstanceIndex } from '../instance-index.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import type { StoredInstances } from './stored-instances.ts';
import { dataSetSha256 } from './instance-placement.ts';
import { placeOf, relativePath } from './instance-path.ts';
import type { Quarantine } from '../quarantine/quarantine.ts';

/**
 * What became of a file below `studies/` that the index did not have: it is in the index now; it was a second copy of the
 * very same bytes, which are stored or in the quarantine; it was set aside, because it cannot be read, lies in the wrong
 * place or conflicts; or it stays where it is, because the quarantine has no room.
 */
export type Found = 'indexed' | 'copy-removed' | 'set-aside' | 'left';

export type OrphanDeps = {
  /** Absolute. */
  readonly dataDir: string;
  readonly index: InstanceIndex & Pick<StoredInstances, 'pathOf'>;
  /** The same as the sink's: the instance may be arriving again at this moment. */
  readonly locks: KeyedLock;
  readonly quarantine: Pick<Quarantine, 'keep' | 'isKept'>;
};

/** @param path relative to the data folder; the study is nobody else's meanwhile */
export async function takeUpOrphan(path: string, deps: OrphanDeps): Promise<Found> {
  const read = await readOrphan(join(deps.dataDir, path));
  const uid = read.header?.sopInstanceUid ?? read.meta?.sopInstanceUid ?? '';
  return deps.locks.run(uid, () => settle(path, uid, read, deps));
}

async function settle(path: string, uid: string, read: Orphan, deps: OrphanDeps): Promise<Found> {
  // It has been sent again since: the index has this very file now, and its sender was told success.
  if (deps.index.pathOf(uid) === path) return 'indexed';
  const file = join(deps.dataDir, path);
  // The release of it was cut off before the index knew: it is still to be decided.
  if (read.meta !== undefined && deps.quarantine.isKept(read.meta.sopInstanceUid, read.dataSetSha256)) {
    await rm(file);
    return 'copy-removed';
  }
  if (read.header !== undefined && hasItsPlace(path, read.header)) {
    const outcome = await deps.index.record(read.header, path);
    if (outcome === 'stored') return 'indexed';
    if (outcome === 'duplicate') {
      const indexed = join(deps.dataDir, deps.index.pathOf(uid) ?? path);
      if (await isThere(indexed)) {
        await rm(file);
        return 'copy-removed';
      }
      // The file that the index names is gone: these very bytes are the last copy, and take its place.
      await syncFile(file);
      await makeFolder(dirname(indexed));
      await rename(file, indexed);
      await syncFolder(dirname(indexed));
      return 'indexed';
    }
  }
  const { meta, dataSetSha256: sha256, dataSetBytes, why } = read;
  const entry = await deps.quarantine.keep(
    file,
    {
      code: 'dicom-file-unindexed',
      why,
      sopClassUid: meta?.sopClassUid ?? '',
      sopInstanceUid: meta?.sopInstanceUid ?? '',
      transferSyntaxUid: meta?.transferSyntaxUid ?? '',
      callingAeTitle: meta?.sourceAeTitle ?? '',
      calledAeTitle: '',
      remoteAddress: '',
      associationId: '',
      dataSetSha256: sha256,
      dataSetBytes,
    },
    { acknowledged: false, studyInstanceUid: undefined },
  );
  return entry === undefined ? 'left' : 'set-aside';
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Its own name, or that of an instance that replaced another one. */
function hasItsPlace(path: string, header: InstanceHeader): boolean {
  const place = relativePath(placeOf(header)).replace(/\.dcm$/, '');
  return path === `${place}.dcm` || path.startsWith(`${place}-`);
}

/** What a file of ours says by itself; `header` is undefined where it cannot be read, and `meta` where it is none of ours. */
export type Orphan = {
  readonly header: InstanceHeader | undefined;
  readonly meta: FileMeta | undefined;
  readonly dataSetSha256: string;
  readonly dataSetBytes: number;
  readonly why: string;
};

export async function readOrphan(file: string): Promise<Orphan> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const first = Buffer.alloc(META_LENGTH_BYTES);
    await handle.read(first, 0, first.length, 0);
    const offset = dataSetOffset(first);
    const sha256 = offset === undefined ? undefined : await dataSetSha256(file);
    if (offset === undefined || sha256 === undefined || offset > size)
      return {
        header: undefined,
        meta: undefined,
        dataSetSha256: '',
        dataSetBytes: size,
        why: 'it is no file of ours',
      };
    const head = Buffer.alloc(offset);
    await handle.read(head, 0, offset, 0);
    const meta = decodeFileMeta(head);
    const facts = { dataSetSha256: sha256, dataSetBytes: size - offset };
    const read = await readHeader(handle, offset, size - offset, meta?.transferSyntaxUid ?? '');
    if (!read.ok) return { header: undefined, meta, ...facts, why: read.error };
    const header: InstanceHeader = {
      ...read.value,
      ...facts,
      transferSyntaxUid: meta?.transferSyntaxUid ?? '',
      callingAeTitle: meta?.sourceAeTitle ?? '',
      calledAeTitle: '',
      remoteAddress: '',
      associationId: 'found at start',
    };
    return { header, meta, ...facts, why: 'it was found where another object belongs' };
  } finally {
    await handle.close();
  }
}
