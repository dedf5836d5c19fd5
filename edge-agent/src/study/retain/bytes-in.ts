import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Bytes of files and of all that lies in folders; what is gone counts nothing.
 *
 * @param paths relative to `root`
 */
export async function bytesIn(root: string, paths: readonly string[]): Promise<number> {
  let bytes = 0;
  for (const path of paths) bytes += await bytesOf(join(root, path));
  return bytes;
}

async function bytesOf(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    return found.isDirectory() ? await bytesIn(path, await readdir(path)) : found.size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
