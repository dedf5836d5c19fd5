import { createHash } from 'node:crypto';
import { closeSync, fdatasync, fsync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { LaneAnswer, LanePlace, LaneRequest } from './store-lane-protocol.ts';

/** A file of the lane that was written, or why it could not be. */
export type Written = {
  readonly request: LaneRequest;
  readonly sha256: string;
  readonly fd: number | undefined;
  place?: LanePlace;
  failed?: { readonly error: unknown };
};

const synced = { file: promisify(fdatasync), folder: promisify(fsync) };

/** Makes the file of a request and its digest. Blocks its thread: to be called in one that has nothing else to do. */
export function writeFile(request: LaneRequest): Written {
  const file = new Uint8Array(request.slot, 0, request.bytes);
  let fd: number | undefined;
  try {
    const sha256 = createHash('sha256').update(file.subarray(request.contentAt)).digest('hex');
    fd = openSync(request.path, 'wx');
    for (let at = 0; at < file.length; ) at += writeSync(fd, file, at, file.length - at);
    return { request, sha256, fd };
  } catch (error) {
    return { request, sha256: '', fd, failed: { error } };
  }
}

/**
 * Stores a group of written files, each step for all of them before the next step: fdatasync, link, fsync of the folders,
 * unlink. So the order holds for every file: its bytes are durable before its name is, and its name before the answer.
 * A file that fails takes no other one with it. The syncs wait for the disk beside each other, so that its journal takes
 * them at once.
 */
export async function storeGroup(group: readonly Written[]): Promise<LaneAnswer[]> {
  await each(group, ({ fd }) => synced.file(fd as number));
  for (const { fd } of group) if (fd !== undefined) closeSync(fd);
  await each(group, (file) => {
    file.place = linkInto(file.request);
  });
  const durable = new Map<string, Promise<void>>();
  await each(group, async ({ place, request }) => {
    if (place !== 'placed') return;
    const folderSynced = durable.get(request.folder) ?? fsyncFolder(request.folder);
    durable.set(request.folder, folderSynced);
    await folderSynced;
    unlinkSync(request.path);
  });
  return group.map(answerOf);
}

/** One step for all that nothing has gone wrong with so far. */
async function each(group: readonly Written[], step: (file: Written) => void | Promise<void>): Promise<void> {
  await Promise.all(
    group.map(async (file) => {
      if (file.failed !== undefined) return;
      try {
        await step(file);
      } catch (error) {
        file.failed = { error };
      }
    }),
  );
}

function answerOf({ request: { id }, sha256, place, failed }: Written): LaneAnswer {
  if (failed === undefined && place !== undefined) return { id, ok: true, sha256, place };
  const error = failed?.error;
  const message = error instanceof Error ? error.message : String(error);
  return { id, ok: false, code: codeOf(error), message };
}

/** A link never replaces a file. */
function linkInto({ path, target }: LaneRequest): LanePlace {
  try {
    linkSync(path, target);
    return 'placed';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return 'there';
    if (code === 'ENOENT') return 'no-folder';
    throw error;
  }
}

/** Opened anew each time: a folder that was held open may have been deleted and made again since. */
async function fsyncFolder(folder: string): Promise<void> {
  const fd = openSync(folder, 'r');
  try {
    await synced.folder(fd);
  } finally {
    closeSync(fd);
  }
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;
