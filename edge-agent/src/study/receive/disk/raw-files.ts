import { close, fdatasync, fsync, link, open, read, unlink, writev } from 'node:fs';
import { promisify } from 'node:util';

/**
 * File calls on plain descriptors. A FileHandle is an object with a finaliser for each file, and costs a busy receiver
 * about as much as the system calls themselves; here whoever opens closes.
 */
export const raw = {
  open: promisify(open),
  close: promisify(close),
  /** Bytes that were read; fewer than asked for at the end of the file. */
  read: (fd: number, into: Uint8Array, position: number): Promise<number> =>
    readInto(fd, into, 0, into.length, position).then(({ bytesRead }) => bytesRead),
  fdatasync: promisify(fdatasync),
  fsync: promisify(fsync),
  link: promisify(link),
  unlink: promisify(unlink),
  writeAll,
};

const readInto = promisify(read);
const writeVector = promisify(writev);

/** Appends all pieces; writev(2) may take less than it is given. */
async function writeAll(fd: number, pieces: readonly Uint8Array[]): Promise<void> {
  let left = pieces.filter((piece) => piece.length > 0);
  while (left.length > 0) {
    let { bytesWritten: taken } = await writeVector(fd, left);
    const rest: Uint8Array[] = [];
    for (const piece of left) {
      if (taken < piece.length) rest.push(piece.subarray(taken));
      taken = Math.max(0, taken - piece.length);
    }
    left = rest;
  }
}
