import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { HeadSource } from './head-reader.ts';
import { raw } from './raw-files.ts';

/**
 * Bytes of one object that are held back at most before they are written. An object below this costs one write, and its
 * header is read from memory; a larger one is written in pieces of this size while it arrives.
 */
export const HELD_BYTES_MAX = 1_048_576;
/** Pieces held at most: each keeps the whole buffer alive that it was cut from. */
export const HELD_PIECES_MAX = 64;

/** A file that grows while its object arrives. */
export type ArrivingFile = {
  readonly path: string;
  /** Takes some bytes and keeps them until they are written: they must not be changed any more. */
  append(bytes: Uint8Array): Promise<void>;
  /** Its bytes are on disk when this resolves. */
  sync(): Promise<void>;
  /** To read what was appended, also what is still held. */
  source(): HeadSource;
  /** Length of what came after the preface, bytes, and its SHA-256, lower-case hex. Once, after the last append. */
  content(): { readonly bytes: number; readonly sha256: string };
  /** Closes it; what was held and not synced is lost. */
  close(): Promise<void>;
  /** It is not at its path any more, or belongs to somebody else there: discarding it deletes nothing. */
  leave(): void;
  /** Closes it if need be and deletes it, if it is still there. */
  discard(): Promise<void>;
};

/**
 * Begins to open the file and does not wait for it: what fails there fails at the first write that needs it.
 *
 * @param preface what the file begins with, not part of the content
 */
export function openArrivingFile(path: string, preface: Uint8Array): ArrivingFile {
  const opening = raw.open(path, 'wx+');
  opening.catch(() => undefined); // Told to whoever waits for it below.
  const hash = createHash('sha256');
  let contentBytes = 0;
  let held: Uint8Array[] = [preface];
  let heldBytes = preface.length;
  /** Bytes of the file before the first that is held. */
  let writtenBytes = 0;
  let closed: Promise<void> | undefined;
  let left = false;

  async function write(): Promise<void> {
    const pieces = held;
    const fd = await opening;
    await raw.writeAll(fd, pieces);
    writtenBytes += heldBytes;
    held = [];
    heldBytes = 0;
  }

  /** Nothing of it is waited for on the disk: closing after a sync only lets the descriptor go. */
  async function close(): Promise<void> {
    closed ??= opening.then(closeSync, () => undefined);
    await closed;
  }

  return {
    path,
    async append(data) {
      hash.update(data);
      contentBytes += data.length;
      held.push(data);
      heldBytes += data.length;
      if (heldBytes >= HELD_BYTES_MAX || held.length >= HELD_PIECES_MAX) await write();
    },
    async sync() {
      const fd = await opening;
      const pieces = held;
      await raw.writeAll(fd, pieces);
      await raw.fdatasync(fd);
    },
    source: () => ({
      async read(into, offset, length, position) {
        const target = into.subarray(offset, offset + length);
        if (position >= writtenBytes) return { bytesRead: copyFrom(held, position - writtenBytes, target) };
        return { bytesRead: await raw.read(await opening, target, position) };
      },
    }),
    content: () => ({ bytes: contentBytes, sha256: hash.digest('hex') }),
    close,
    leave() {
      left = true;
    },
    async discard() {
      held = [];
      await close();
      if (left) return;
      left = true;
      await raw.unlink(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    },
  };
}

/** Copies from the bytes of several pieces, as if they were one. */
function copyFrom(pieces: readonly Uint8Array[], from: number, into: Uint8Array): number {
  let at = 0;
  let skip = from;
  for (const piece of pieces) {
    if (at === into.length) break;
    if (skip >= piece.length) {
      skip -= piece.length;
      continue;
    }
    const some = piece.subarray(skip, skip + into.length - at);
    into.set(some, at);
    at += some.length;
    skip = 0;
  }
  return at;
}
