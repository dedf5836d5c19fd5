import { statfs } from 'node:fs/promises';

/** How long an answer of the file system is believed, ms: what others write in that time is not seen. */
export const BELIEVED_MS_MAX = 1_000;
/** Bytes that may be announced on one answer before the file system is asked again. */
export const BELIEVED_BYTES_MAX = 256 * 1024 ** 2;

/**
 * Free space under a folder, bytes, as the file system has it at most a second ago. Each call counts as that many bytes
 * about to be written, so that many senders at once do not all rely on the same room.
 */
export function createFreeSpace(
  folder: string,
  now_ms: () => number = () => performance.now(),
  ask: (folder: string) => Promise<number> = askFileSystem,
): (toWrite_bytes: number) => Promise<number> {
  let asking: Promise<number> | undefined;
  let asked_ms = Number.NEGATIVE_INFINITY;
  let announced = 0;

  return async (toWrite_bytes) => {
    const stale = now_ms() - asked_ms >= BELIEVED_MS_MAX || announced >= BELIEVED_BYTES_MAX;
    if (asking === undefined || stale) {
      asked_ms = now_ms();
      announced = 0;
      asking = ask(folder);
      asking.catch(() => {
        asking = undefined; // Asked again next time.
      });
    }
    const mine = asking;
    announced += toWrite_bytes;
    const taken = announced;
    return (await mine) - taken;
  };
}

async function askFileSystem(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
