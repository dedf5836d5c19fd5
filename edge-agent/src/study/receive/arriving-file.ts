import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';

/** A file that grows while its object arrives. */
export type ArrivingFile = {
  readonly path: string;
  append(bytes: Uint8Array): Promise<void>;
  /** Its bytes are on disk when this resolves. */
  sync(): Promise<void>;
  handle(): FileHandle;
  /** Length of what came after the preface, bytes, and its SHA-256, lower-case hex. Once, after the last append. */
  content(): { readonly bytes: number; readonly sha256: string };
  close(): Promise<void>;
  /** Closes it if need be and deletes it, if it is still there. */
  discard(): Promise<void>;
};

/** @param preface what the file begins with, not part of the content */
export async function openArrivingFile(path: string, preface: Uint8Array): Promise<ArrivingFile> {
  const handle = await open(path, 'wx+');
  const hash = createHash('sha256');
  let bytes = 0;
  let isOpen = true;

  /** write(2) may take less than it is given. */
  async function writeAll(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length; ) at += (await handle.write(data, at, data.length - at)).bytesWritten;
  }

  async function close(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    await handle.close();
  }

  const file: ArrivingFile = {
    path,
    async append(data) {
      const written = writeAll(data);
      hash.update(data); // While the write is under way in another thread.
      bytes += data.length;
      await written;
    },
    sync: () => handle.datasync(),
    handle: () => handle,
    content: () => ({ bytes, sha256: hash.digest('hex') }),
    close,
    async discard() {
      try {
        await close();
      } finally {
        await rm(path, { force: true });
      }
    },
  };
  try {
    await writeAll(preface);
  } catch (error) {
    await file.discard();
    throw error;
  }
  return file;
}
