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

/** A file, read where it is asked for. */
export async function openFileSource(path: string): Promise<Result<ByteSource, Problem>> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => error);
  if (handle instanceof Error)
    return err({ code: 'image-unreadable', detail: `the file cannot be opened: ${handle.code}` });
  const { size } = await handle.stat();
  if (size > 0) return ok({ size, read: (at, length) => readFully(handle, at, length), close: () => handle.close() });
  await handle.close();
  return err({ code: 'image-unreadable', detail: 'the file is empty' });
}

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
