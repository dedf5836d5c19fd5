import { createHash } from 'node:crypto';
import { closeSync, fdatasync, fsync, linkSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import type { LaneAnswer, LanePlace, LaneRequest } from './store-lane-protocol.ts';

type Work = { readonly request: LaneRequest; readonly sha256: string; fd: number | undefined; place?: LanePlace };

const synced = { file: promisify(fdatasync), folder: promisify(fsync) };

/**
 * Stores a group of files, each step for all of them before the next step: write, fdatasync, link, fsync of the folders,
 * unlink. So the order holds for every file: its bytes are durable before its name is, and its name before the answer.
 * A file that fails takes no other one with it.
 *
 * All but the syncs blocks its thread; to be called in one that has nothing else to do. The syncs of a group wait for
 * the disk beside each other, so that its journal takes them at once, and the next group is written meanwhile.
 */
export async function storeGroup(group: readonly LaneRequest[]): Promise<LaneAnswer[]> {
  const failed = new Map<LaneRequest, unknown>();
  /** One step of all that have come so far. */
  const each = <T>(some: readonly T[], requestOf: (one: T) => LaneRequest, step: (one: T) => void): T[] =>
    some.filter((one) => {
      try {
        step(one);
        return true;
      } catch (error) {
        failed.set(requestOf(one), error);
        return false;
      }
    });
  const eachWork = (some: readonly Work[], step: (work: Work) => void): Work[] =>
    each(some, ({ request }) => request, step);

  const awaitEach = async (some: readonly Work[], step: (work: Work) => Promise<void>): Promise<Work[]> => {
    const outcomes = await Promise.allSettled(some.map(step));
    return some.filter(({ request }, i) => {
      const outcome = outcomes[i];
      if (outcome?.status === 'rejected') failed.set(request, outcome.reason);
      return outcome?.status === 'fulfilled';
    });
  };

  const works: Work[] = [];
  each(
    group,
    (request) => request,
    (request) => {
      const file = new Uint8Array(request.slot, 0, request.bytes);
      const work: Work = {
        request,
        sha256: createHash('sha256').update(file.subarray(request.contentAt)).digest('hex'),
        fd: openSync(request.path, 'wx'),
      };
      works.push(work);
      for (let at = 0; at < file.length; ) at += writeSync(work.fd as number, file, at, file.length - at);
    },
  );
  const written = works.filter(({ request }) => !failed.has(request));
  const durable = await awaitEach(written, ({ fd }) => synced.file(fd as number));
  for (const work of works) closeSync(work.fd as number);
  const linked = eachWork(durable, (work) => {
    work.place = linkInto(work.request);
  }).filter(({ place }) => place === 'placed');
  const folders = new Map<string, Work[]>();
  for (const work of linked) folders.set(work.request.folder, [...(folders.get(work.request.folder) ?? []), work]);
  await Promise.all(
    [...folders].map(async ([folder, inIt]) => {
      try {
        await fsyncFolder(folder);
        eachWork(inIt, ({ request }) => unlinkSync(request.path));
      } catch (error) {
        for (const { request } of inIt) failed.set(request, error);
      }
    }),
  );
  const done = new Map(works.map((work) => [work.request, work]));
  return group.map((request) => answerOf(request, done.get(request), failed));
}

function answerOf(request: LaneRequest, work: Work | undefined, failed: Map<LaneRequest, unknown>): LaneAnswer {
  const { id } = request;
  if (!failed.has(request) && work?.place !== undefined)
    return { id, ok: true, sha256: work.sha256, place: work.place };
  const error = failed.get(request);
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
