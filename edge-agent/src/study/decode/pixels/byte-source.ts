import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../problem.ts';

/** Bytes that are read piece by piece. */
export type ByteSource = {
  readonly size: number;
  /** As many bytes as there are from `at` on, at most `length`; the caller owns them. */
  read(at: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
};

export type OpenSource = (path: string) => Promise<Result<ByteSource, Problem>>;

/** A file, read where it is asked for. */
export const openFileSource: OpenSource = async (path) => {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error) return cannotOpen(handle);
  const { size } = await handle.stat();
  if (size > 0) return ok({ size, read: (at, length) => readFully(handle, at, length), close: () => handle.close() });
  await handle.close();
  return isEmpty;
};

/** Memory of a thread that is used again, at most one piece: images of a series are of one size. */
export type SpareBytes = { put(bytes: ArrayBufferLike): void; take(length: number): Uint8Array };

export function createSpareBytes(): SpareBytes {
  let spare: ArrayBuffer | undefined;
  return {
    put(bytes) {
      if (bytes instanceof ArrayBuffer) spare = bytes;
    },
    take(length) {
      if (spare?.byteLength !== length) return new Uint8Array(length);
      const bytes = new Uint8Array(spare);
      spare = undefined;
      return bytes;
    },
  };
}

/**
 * The same for a thread that has nothing to do meanwhile: each step waits for the disk, which takes less time of the
 * processor than another thread that waits for it.
 *
 * @param spare where pieces are read into that have its length
 */
export const blockingSources =
  (spare: SpareBytes): OpenSource =>
  async (path) => {
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (error) {
      return cannotOpen(error as NodeJS.ErrnoException);
    }
    const { size } = fstatSync(file);
    if (size > 0)
      return ok({
        size,
        read: async (at, length) => readFullySync(file, at, spare.take(length)),
        close: async () => closeSync(file),
      });
    closeSync(file);
    return isEmpty;
  };

const cannotOpen = ({ code }: NodeJS.ErrnoException): Result<never, Problem> =>
  err({ code: 'image-unreadable', detail: `the file cannot be opened: ${code}` });
const isEmpty: Result<never, Problem> = err({ code: 'image-unreadable', detail: 'the file is empty' });

/** Bytes that are in memory already. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (at, length) => Promise.resolve(new Uint8Array(bytes.subarray(at, at + length))),
    close: () => Promise.resolve(),
  };
}

/** One read may give less than is there. */
async function readFully(handle: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === length ? bytes : bytes.subarray(0, filled);
}

function readFullySync(file: number, at: number, bytes: Uint8Array): Uint8Array {
  let filled = 0;
  while (filled < bytes.length) {
    const bytesRead = readSync(file, bytes, filled, bytes.length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled === bytes.length ? bytes : bytes.subarray(0, filled);
}
