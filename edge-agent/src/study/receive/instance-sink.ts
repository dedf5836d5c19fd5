import { randomUUID } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { storeStatuses } from '@collimator/shared/dicom/statuses';
import type { ErrorCode } from '@collimator/shared/errors/catalogue';
import { isCoded } from '@collimator/shared/errors/coded-error';
import { err, ok, type Result } from '@collimator/shared/result';
import type { StoreOutcome, StoreRequest, StoreSink, StoreWrite } from '../../dimse/index.ts';
import { type ArrivingFile, openArrivingFile } from './arriving-file.ts';
import { dataFolders } from './data-folders.ts';
import { encodeFileMeta } from './file-meta.ts';
import { createFolderSync } from './folder-sync.ts';
import { readHeader } from './head-reader.ts';
import type { InstanceHeader } from './instance-header.ts';
import type { InstanceIndex } from './instance-index.ts';
import { placeOf, relativePath } from './instance-path.ts';
import { createPlacement } from './instance-placement.ts';
import { createKeyedLock } from './keyed-lock.ts';
import { createQuarantine, defaultQuarantineLimits, type QuarantineLimits } from './quarantine.ts';
import type { ReceiveEvent } from './receive-events.ts';

export type ReceiveLimits = QuarantineLimits & {
  /** Longest data set taken, bytes. */
  readonly objectBytesMax: number;
  /** Free space below which nothing more is taken, bytes: the rest of the appliance needs it to finish what it has. */
  readonly freeBytesMin: number;
};

export const defaultReceiveLimits: ReceiveLimits = {
  ...defaultQuarantineLimits,
  objectBytesMax: 8 * 1024 ** 3,
  freeBytesMin: 1024 ** 3,
};

export type InstanceSinkDeps = {
  /** Absolute; `sweepIncoming(dataDir)` has made its folders. */
  readonly dataDir: string;
  readonly index: InstanceIndex;
  readonly limits?: Partial<ReceiveLimits>;
  readonly onEvent?: (event: ReceiveEvent) => void;
  /** A name that no file has; a random UUID when absent. */
  readonly newName?: () => string;
  /** Wall clock, ms since 1970. */
  readonly now_ms?: () => number;
  /** Free space of the data folder, bytes; asked of the file system when absent. */
  readonly freeBytes?: () => Promise<number>;
};

/** Bytes of one object after which the free space is asked for again: one large object must not eat the reserve. */
const FREE_CHECK_BYTES = 64 * 1024 ** 2;

/**
 * Where received instances go: `incoming/<name>.part` → fdatasync → header → `studies/…` → index → the answer.
 * Statuses as PS3.4 Table B.2-1 has them: A700 for a disk that takes no more, A900 where command and data set differ,
 * C000 for what cannot be read, 0000 only for what is durable. What throws is a fault of ours, and becomes 0110.
 */
export function createInstanceSink(deps: InstanceSinkDeps): StoreSink {
  const limits = { ...defaultReceiveLimits, ...deps.limits };
  const folders = dataFolders(deps.dataDir);
  const newName = deps.newName ?? randomUUID;
  const tell = deps.onEvent ?? (() => undefined);
  const folderSync = createFolderSync();
  const locks = createKeyedLock();
  const placement = createPlacement({ studies: folders.studies, index: deps.index, folderSync });
  const quarantine = createQuarantine({
    folder: folders.quarantine,
    limits,
    folderSync,
    newName,
    now_ms: deps.now_ms ?? Date.now,
  });
  const freeBytes =
    deps.freeBytes ??
    (async () => {
      const { bavail, bsize } = await statfs(deps.dataDir);
      return bavail * bsize;
    });

  async function setAside(
    file: ArrivingFile,
    facts: StoreRequest & { readonly dataSetSha256: string; readonly dataSetBytes: number },
    code: ErrorCode,
    why: string,
  ): Promise<boolean> {
    const kept = await quarantine.keep(file.path, { code, why, ...facts });
    const { sopInstanceUid, callingAeTitle } = facts;
    tell({ type: 'quarantined', code, why, sopInstanceUid, callingAeTitle, kept });
    return kept;
  }

  async function settle(file: ArrivingFile, request: StoreRequest, offset: number): Promise<StoreOutcome> {
    const { bytes, sha256 } = file.content();
    const facts = { ...request, dataSetSha256: sha256, dataSetBytes: bytes };
    const read = await readHeader(file.handle(), offset, bytes, request.transferSyntaxUid);
    await file.close();
    if (!read.ok) {
      await setAside(file, facts, 'dicom-unparsable', read.error);
      return outcome('cannotUnderstand', read.error);
    }
    const header: InstanceHeader = { ...read.value, ...facts };
    const mismatch = mismatchOf(request, read.value);
    if (mismatch !== undefined) {
      await setAside(file, facts, 'dicom-data-set-mismatch', mismatch);
      return outcome('dataSetDoesNotMatchSopClass', mismatch);
    }
    const placed = await locks.run(header.sopInstanceUid, () => placement.place(file.path, header));
    if (placed !== 'conflict') {
      tell({ type: 'instance-placed', header, path: relativePath(placeOf(header)), duplicate: placed === 'duplicate' });
      return outcome('success');
    }
    const why = 'the same SOP instance UID is stored with other content';
    const kept = await setAside(file, facts, 'dicom-instance-conflict', why);
    return kept ? outcome('success') : outcome('outOfResources', 'no room for a conflicting copy');
  }

  function writeInto(file: ArrivingFile, request: StoreRequest, offset: number): StoreWrite {
    let received = 0;
    let nextCheck = FREE_CHECK_BYTES;
    let refused: StoreOutcome | undefined;

    /** The rest is still read from the sender, who listens for an answer only after it. */
    async function refuse(error: unknown, comment: string): Promise<void> {
      refused = outcome('outOfResources', comment);
      tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
      await file.discard();
    }

    return {
      async write(bytes) {
        if (refused !== undefined) return;
        received += bytes.length;
        if (received > limits.objectBytesMax)
          return refuse(new RangeError(`more than ${limits.objectBytesMax} bytes`), 'object too large');
        try {
          if (received >= nextCheck) {
            nextCheck += FREE_CHECK_BYTES;
            const free = await freeBytes();
            if (free < limits.freeBytesMin)
              return await refuse(new RangeError(`${free} bytes are free`), 'too little space left');
          }
          await file.append(bytes);
        } catch (error) {
          await refuse(error, 'cannot write');
        }
      },
      async commit() {
        if (refused !== undefined) return refused;
        try {
          try {
            await file.sync();
          } catch (error) {
            await refuse(error, 'cannot write');
            return outcome('outOfResources', 'cannot write');
          }
          return await settle(file, request, offset);
        } catch (error) {
          if (!isOutOfResources(error)) throw error;
          tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
          return outcome('outOfResources', 'no space');
        } finally {
          await file.discard();
        }
      },
      abort: () => file.discard(),
    };
  }

  return {
    async begin(request): Promise<Result<StoreWrite, StoreOutcome>> {
      const meta = encodeFileMeta({ ...request, sourceAeTitle: request.callingAeTitle });
      try {
        if ((await freeBytes()) < limits.freeBytesMin) return err(outcome('outOfResources', 'too little space left'));
        const file = await openArrivingFile(join(folders.incoming, `${newName()}.part`), meta);
        return ok(writeInto(file, request, meta.length));
      } catch (error) {
        tell({ type: 'write-failed', sopInstanceUid: request.sopInstanceUid, error });
        return err(outcome('outOfResources', 'cannot write'));
      }
    },
  };
}

function mismatchOf(
  request: StoreRequest,
  dataSet: { readonly sopClassUid: string; readonly sopInstanceUid: string },
): string | undefined {
  if (dataSet.sopClassUid !== request.sopClassUid) return 'SOP class UID differs from the command';
  return dataSet.sopInstanceUid === request.sopInstanceUid ? undefined : 'SOP instance UID differs from the command';
}

const outcome = (name: keyof typeof storeStatuses, comment?: string): StoreOutcome => ({
  status: storeStatuses[name].code,
  ...(comment === undefined ? {} : { comment }),
});

/** A full disk, also where the database meets it: the sender tries again later, for nothing is wrong with the object. */
const isOutOfResources = (error: unknown): boolean =>
  isCoded(error, 'store-unavailable') ||
  (error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT'));
