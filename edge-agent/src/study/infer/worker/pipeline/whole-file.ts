import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

/**
 * Writes a file that others see whole or not at all; not durable, because nothing in a work folder outlives its attempt.
 * Two processes may write the same file: the one that ends last counts.
 */
export async function writeWhole(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const making = `${path}.${randomBytes(6).toString('hex')}.making`;
  try {
    const file = await open(making, 'wx');
    try {
      await writeAll(file, pieces);
    } finally {
      await file.close();
    }
    await rename(making, path);
  } catch (error) {
    await rm(making, { force: true });
    throw error;
  }
}

/** One write, unless the system takes less of it at a time. */
async function writeAll(file: FileHandle, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) {
    let { bytesWritten } = await file.writev(left);
    if (bytesWritten === 0) throw new Error('the file takes no more bytes');
    left = left.flatMap((piece) => {
      const written = Math.min(bytesWritten, piece.length);
      bytesWritten -= written;
      return written === piece.length ? [] : [piece.subarray(written)];
    });
  }
}
