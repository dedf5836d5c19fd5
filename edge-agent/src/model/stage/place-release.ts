import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Release } from '@collimator/shared/contracts/release';
import { makeFolder, syncFile, syncFolder } from '@collimator/shared/files/durable-file';
import { releaseJsonName } from '@collimator/shared/release/file-list';

/** `<releases>/<name>/<sha256>`: where a release lies once it is whole. */
export const releaseFolder = (releases: string, name: string, sha256: string): string => join(releases, name, sha256);

/**
 * Moves a fetched and verified folder to its place. Everything in it is on the disk before the one rename that makes
 * it visible, so a folder in place is always a whole one.
 */
export async function placeRelease(from: string, to: string, manifest: Buffer, files: Release['files']): Promise<void> {
  await writeFile(join(from, releaseJsonName), manifest);
  const paths = [releaseJsonName, ...Object.keys(files)];
  for (const path of paths) await syncFile(join(from, path));
  for (const folder of new Set(paths.map((path) => dirname(join(from, path))))) await syncFolder(folder);
  await makeFolder(dirname(to));
  await rm(to, { recursive: true, force: true });
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Removes what is neither kept nor known: old releases of a name. */
export async function removeOthers(releases: string, name: string, keep: ReadonlySet<string>): Promise<void> {
  for (const entry of await readdir(join(releases, name))) {
    if (!keep.has(entry)) await rm(join(releases, name, entry), { recursive: true, force: true });
  }
}
