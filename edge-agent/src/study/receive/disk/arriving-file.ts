import { createHash, type Hash } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { HeadSource } from '../header/head-reader.ts';
import { raw } from './raw-files.ts';
import type { LaneSlot, StoreLane } from './store-lane.ts';
import type { LanePlace } from './store-lane-protocol.ts';

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
  /** Takes some bytes and may keep them until they are written: they must not be changed any more. */
  append(bytes: Uint8Array): Promise<void>;
  /** Its bytes are on disk when this resolves. */
  sync(): Promise<void>;
  /** Whether all of it is in its slot, so that `store` can be called instead of `sync`. */
  isInSlot(): boolean;
  /** Makes the file by way of the lane; see there. */
  store(lane: StoreLane, to: { readonly folder: string; readonly target: string }): Promise<LanePlace>;
  /** To read what was appended, also what is still held. */
  source(): HeadSource;
  /** Of what came after the preface so far. */
  contentBytes(): number;
  /** Its SHA-256, lower-case hex; after `sync` or `store`. */
  contentSha256(): string;
  /** Closes it; what was held and not synced is lost. */
  close(): Promise<void>;
  /** It is not at its path any more, or belongs to somebody else there: discarding it deletes nothing. */
  leave(): void;
  /** Closes it if need be and deletes it, if it is still there. */
  discard(): Promise<void>;
};

/**
 * Makes the file when its bytes have to be written: what fails there fails at that write.
 *
 * @param preface what the file begins with, not part of the content
 * @param slot where an object that fits is kept; it is given back when the file is closed or grows beyond it
 */
export function createArrivingFile(path: string, preface: Uint8Array, slot?: LaneSlot): ArrivingFile {
  /** Of what did not stay in the slot; the lane has the others'. */
  let hash: Hash | undefined;
  let opening: Promise<number> | undefined;
  let contentBytes = 0;
  let inSlot = slot;
  /** Nothing while all is in the slot. */
  let held: Uint8Array[] = slot === undefined ? [preface] : [];
  let heldBytes = preface.length;
  /** Bytes of the file before the first that is held. */
  let writtenBytes = 0;
  let sha256: string | undefined;
  let closed: Promise<void> | undefined;
  /** Something may be at the path, and is ours. */
  let made = false;
  slot?.bytes.set(preface);

  function opened(): Promise<number> {
    made = true;
    opening ??= raw.open(path, 'wx+');
    return opening;
  }

  async function write(): Promise<void> {
    await raw.writeAll(await opened(), held);
    writtenBytes += heldBytes;
    held = [];
    heldBytes = 0;
  }

  function digest(bytes: Uint8Array): void {
    hash ??= createHash('sha256');
    hash.update(bytes);
  }

  /** The ordinary way from here on; the slot is for others. */
  function leaveSlot(): void {
    if (inSlot === undefined) return;
    const piece = inSlot.bytes.slice(0, heldBytes);
    inSlot.free();
    inSlot = undefined;
    held = [piece];
    digest(piece.subarray(preface.length));
  }

  /** Nothing of it is waited for on the disk: closing after a sync only lets the descriptor go. */
  async function close(): Promise<void> {
    closed ??= opening?.then(closeSync, () => undefined) ?? Promise.resolve();
    await closed;
  }

  const pieces = (): Uint8Array[] => (inSlot === undefined ? held : [inSlot.bytes.subarray(0, heldBytes)]);

  return {
    path,
    async append(data) {
      contentBytes += data.length;
      if (inSlot !== undefined && heldBytes + data.length <= inSlot.bytes.length) {
        inSlot.bytes.set(data, heldBytes);
        heldBytes += data.length;
        return;
      }
      leaveSlot();
      digest(data);
      held.push(data);
      heldBytes += data.length;
      if (heldBytes >= HELD_BYTES_MAX || held.length >= HELD_PIECES_MAX) await write();
    },
    async sync() {
      leaveSlot();
      const fd = await opened();
      await raw.writeAll(fd, held);
      await raw.fdatasync(fd);
    },
    isInSlot: () => inSlot !== undefined,
    async store(lane, to) {
      if (inSlot === undefined) throw new Error('the file is in no slot');
      made = true;
      const stored = await lane.store(inSlot, { ...to, path, bytes: heldBytes, contentAt: preface.length });
      sha256 = stored.sha256;
      inSlot.free();
      inSlot = undefined;
      return stored.place;
    },
    source: () => ({
      async read(into, offset, length, position) {
        const target = into.subarray(offset, offset + length);
        if (position >= writtenBytes) return { bytesRead: copyFrom(pieces(), position - writtenBytes, target) };
        return { bytesRead: await raw.read(await opened(), target, position) };
      },
      view: (length, position) => inSlot?.bytes.subarray(position, Math.min(position + length, heldBytes)),
    }),
    contentBytes: () => contentBytes,
    contentSha256: () => (sha256 ??= (hash ?? createHash('sha256')).digest('hex')),
    close,
    leave() {
      made = false;
    },
    async discard() {
      inSlot?.free();
      inSlot = undefined;
      held = [];
      await close();
      if (!made) return;
      made = false;
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
