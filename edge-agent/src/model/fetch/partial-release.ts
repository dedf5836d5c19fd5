import { mkdir, open, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Release } from '@collimator/shared/contracts/release';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { makeFolder } from '@collimator/shared/files/durable-file';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';
import type { PlannedChunk } from './chunk-plan.ts';

/** Room that must be left on the disk after a release. */
const spareBytes = 64 * 1024 * 1024;

/** A release that is being fetched: its files at full length in a folder, and a bitmap of the chunks that are in. */
export interface PartialRelease {
  readonly folder: string;
  /** Chunks that are not in yet. What the bitmap claims is read and hashed again before it is believed. */
  missing(planned: readonly PlannedChunk[]): Promise<readonly PlannedChunk[]>;
  /** Writes the raw bytes of a chunk to all its places, then its bit. */
  put(planned: PlannedChunk, raw: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Opens or makes `<root>/<sha256>/{files/…,bitmap}`. Refuses with `model-disk-full` before anything is written. */
export async function openPartial(
  root: string,
  sha256: string,
  files: Release['files'],
): Promise<Result<PartialRelease, Refusal>> {
  const base = join(root, sha256);
  const folder = join(base, 'files');
  await makeFolder(folder);
  const needed = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
  const disk = await statfs(root);
  if (disk.bavail * disk.bsize < needed + spareBytes)
    return refuse('model-disk-full', `${needed} bytes needed, ${disk.bavail * disk.bsize} free`);
  for (const [path, file] of Object.entries(files)) await makeFile(join(folder, path), file.bytes);
  const bitmap = await open(await ensureBitmap(join(base, 'bitmap')), 'r+');
  return ok({
    folder,
    async missing(planned) {
      const bits = await readFile(join(base, 'bitmap'));
      const missing: PlannedChunk[] = [];
      for (const each of planned) if (bits[each.index] !== 1 || !(await isIn(folder, each))) missing.push(each);
      return missing;
    },
    async put({ index, places }, raw) {
      for (const { path, offset } of places) await writeAt(join(folder, path), raw, offset);
      // The bit is only a hint, so neither needs a sync: a power cut costs a second fetch of the chunk.
      await bitmap.write(Buffer.of(1), 0, 1, index);
    },
    close: () => bitmap.close(),
  });
}

/** Forgets a partial release. */
export const dropPartial = (root: string, sha256: string): Promise<void> =>
  rm(join(root, sha256), { recursive: true, force: true });

async function makeFile(path: string, bytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'a');
  try {
    if ((await file.stat()).size !== bytes) await file.truncate(bytes);
  } finally {
    await file.close();
  }
}

async function ensureBitmap(path: string): Promise<string> {
  await writeFile(path, '', { flag: 'a' });
  return path;
}

async function isIn(folder: string, { chunk, places }: PlannedChunk): Promise<boolean> {
  const buffer = Buffer.alloc(chunk.length);
  for (const { path, offset } of places) {
    const file = await open(join(folder, path), 'r');
    try {
      const { bytesRead } = await file.read(buffer, 0, chunk.length, offset);
      if (bytesRead !== chunk.length || sha256Hex(buffer) !== chunk.sha256) return false;
    } finally {
      await file.close();
    }
  }
  return true;
}

async function writeAt(path: string, raw: Buffer, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    for (let done = 0; done < raw.length; ) {
      const { bytesWritten } = await file.write(raw, done, raw.length - done, offset + done);
      done += bytesWritten;
    }
  } finally {
    await file.close();
  }
}
