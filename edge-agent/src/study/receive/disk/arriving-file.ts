import { createHash } from 'node:crypto';
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
  const hash = createHash('sha256');
  let opening: Promise<number> | undefined;
  let contentBytes = 0;
  let inSlot = slot;
  let held: Uint8Array[] = [preface];
  let heldBytes = preface.length;
  /** Bytes of the file before the first that is held. */
  let writtenBytes = 0;
  let sha256: string | undefined;
  let closed: Promise<void> | undefined;
  /** Something may be at the path, and is ours. */
  let made = false;
  if (slot !== undefined) {
    slot.bytes.set(preface);
    held = [slot.bytes.subarray(0, preface.length)];
  }

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

  /** The ordinary way from here on; the slot is for others. */
  function leaveSlot(): void {
    if (inSlot === undefined) return;
    held = held.map((piece) => Uint8Array.from(piece));
    hash.update((held[0] as Uint8Array).subarray(preface.length));
    inSlot.free();
    inSlot = undefined;
  }

  /** Nothing of it is waited for on the disk: closing after a sync only lets the descriptor go. */
  async function close(): Promise<void> {
    closed ??= opening?.then(closeSync, () => undefined) ?? Promise.resolve();
    await closed;
  }

  return {
    path,
    async append(data) {
      contentBytes += data.length;
      if (inSlot !== undefined && heldBytes + data.length <= inSlot.bytes.length) {
        inSlot.bytes.set(data, heldBytes);
        heldBytes += data.length;
        held = [inSlot.bytes.subarray(0, heldBytes)];
        return;
      }
      leaveSlot();
      hash.update(data);
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
      held = [];
      inSlot.free();
      inSlot = undefined;
      return stored.place;
    },
    source: () => ({
      async read(into, offset, length, position) {
        const target = into.subarray(offset, offset + length);
        if (position >= writtenBytes) return { bytesRead: copyFrom(held, position - writtenBytes, target) };
        return { bytesRead: await raw.read(await opened(), target, position) };
      },
    }),
    contentBytes: () => contentBytes,
    contentSha256: () => (sha256 ??= hash.digest('hex')),
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
