import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCatalogue, type ErrorCode } from '@collimator/shared/errors/catalogue';
import type { QuarantineReason } from './quarantine.ts';
import type { NewEntry, QuarantineIndex } from './quarantine-index.ts';
import type { StoredInstances } from '../disk/stored-instances.ts';
import { type Orphan, readOrphan } from '../disk/take-up-orphan.ts';

/** Which names in the folder of the quarantine are accounted for. */
export type QuarantineRows = {
  /** There is an entry of this file, decided or not, or it is noted for removal. */
  explains(file: string): boolean;
};

export type AdoptDeps = {
  /** Absolute path of the quarantine. */
  readonly folder: string;
  readonly index: QuarantineIndex & QuarantineRows;
  readonly stored: Pick<StoredInstances, 'sha256Of'>;
  /** One file was dealt with: it is an entry now, or it was a copy of what is stored or kept, or a note of nothing. */
  readonly onFound: (found: 'adopted' | 'copy-removed' | 'note-removed') => void;
};

/**
 * Finds what a crash left in the quarantine between the move of a file and its row, and makes the row: so it counts in the
 * bounds and somebody sees it. To be called before anything is received. Its sender was told nothing and will mostly send
 * again; until then a conflicting copy holds its study all the same, for what it says about the patient may be right.
 */
export async function adoptQuarantined(deps: AdoptDeps): Promise<void> {
  const names = await readdir(deps.folder);
  const files = new Set(names.filter((name) => name.endsWith('.dcm')).map((name) => name.slice(0, -'.dcm'.length)));
  for (const name of names) {
    const file = name.replace(/\.json$/, '');
    if (file === name || files.has(file) || deps.index.explains(file)) continue;
    await rm(join(deps.folder, name));
    deps.onFound('note-removed');
  }
  for (const file of files) if (!deps.index.explains(file)) deps.onFound(await adopt(file, deps));
}

async function adopt(file: string, { folder, index, stored }: AdoptDeps): Promise<'adopted' | 'copy-removed'> {
  const path = join(folder, `${file}.dcm`);
  const orphan = await readOrphan(path);
  const reason = reasonOf(orphan, await readNote(join(folder, `${file}.json`)));
  const { sopInstanceUid, dataSetSha256 } = reason;
  const storedSha256 = stored.sha256Of(sopInstanceUid);
  const isKnown = storedSha256 === dataSetSha256 || index.before(sopInstanceUid, dataSetSha256) === 'discarded';
  if (isKnown || index.isKept(sopInstanceUid, dataSetSha256)) {
    for (const one of [path, join(folder, `${file}.json`)]) await rm(one, { force: true });
    return 'copy-removed';
  }
  const acknowledged = reason.code === 'dicom-instance-conflict' && storedSha256 !== undefined;
  await index.add({ ...reason, file, acknowledged, studyInstanceUid: orphan.header?.studyInstanceUid });
  return 'adopted';
}

type Reason = Omit<NewEntry, 'file' | 'acknowledged' | 'studyInstanceUid'>;

/** What the file says of itself goes before what its note says. */
function reasonOf({ meta, dataSetSha256, dataSetBytes, why }: Orphan, note: Partial<QuarantineReason>): Reason {
  const text = (
    key: 'calledAeTitle' | 'remoteAddress' | 'associationId' | 'sopClassUid' | 'transferSyntaxUid',
  ): string => note[key] ?? '';
  return {
    code: note.code ?? 'dicom-file-unindexed',
    why: note.why ?? why,
    sopClassUid: meta?.sopClassUid ?? text('sopClassUid'),
    sopInstanceUid: meta?.sopInstanceUid ?? note.sopInstanceUid ?? '',
    transferSyntaxUid: meta?.transferSyntaxUid ?? text('transferSyntaxUid'),
    callingAeTitle: note.callingAeTitle ?? meta?.sourceAeTitle ?? '',
    calledAeTitle: text('calledAeTitle'),
    remoteAddress: text('remoteAddress'),
    associationId: text('associationId'),
    dataSetSha256,
    dataSetBytes,
  };
}

/** The strings of a note; a note that is gone, cut off or written by somebody else says nothing. */
async function readNote(path: string): Promise<Partial<QuarantineReason>> {
  let note: unknown;
  try {
    note = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
  if (typeof note !== 'object' || note === null) return {};
  const strings = Object.fromEntries(Object.entries(note).filter(([, value]) => typeof value === 'string'));
  const { code, ...rest } = strings as Record<string, string>;
  return { ...rest, ...(code !== undefined && Object.hasOwn(errorCatalogue, code) && { code: code as ErrorCode }) };
}
