import { randomUUID } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes what a folder lists (names, renames) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the bytes of a file survive a power cut. */
export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

/** Creates a folder and those above it, and makes each new name durable. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Writes a whole file so that after a power cut there is the old one or the new one, never a part. */
export async function writeDurably(
  path: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
  mode = 0o644,
): Promise<void> {
  // Two writers of one file at once must not share a partial one.
  const partial = `${path}.${randomUUID()}.part`;
  const handle = await open(partial, 'w', mode);
  try {
    if (bytes instanceof Uint8Array) await handle.writeFile(bytes);
    else for (const piece of bytes) await handle.writeFile(piece);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, path);
  await syncFolder(dirname(path));
}
