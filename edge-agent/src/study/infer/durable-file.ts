import { createHash } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/**
 * Writes a file so that it is there whole or not at all, also after a loss of power:
 * data on disk, then its name, then the folders that are new.
 *
 * @param root folder that exists already; everything between it and the file is made and synced
 * @returns SHA-256 of the bytes, lower-case hex
 */
export async function writeDurably(root: string, file: string, bytes: Uint8Array): Promise<string> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true });
  const part = `${file}.part`;
  const handle = await open(part, 'w');
  try {
    await handle.writeFile(bytes);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await rename(part, file);
  const names = relative(root, folder).split('/').filter(Boolean);
  for (let depth = names.length; depth >= 0; depth--) await syncFolder(join(root, ...names.slice(0, depth)));
  return createHash('sha256').update(bytes).digest('hex');
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
