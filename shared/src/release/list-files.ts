import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk, Release } from '../contracts/release.ts';
import { CodedError } from '../errors/coded-error.ts';
import { sha256Hex } from './canonical-json.ts';
import { chunkFile, encodeChunk } from './chunk-file.ts';
import { filesMax, releaseJsonName, safeReleasePath } from './file-list.ts';

type Keep = (sha256: string, raw: Buffer) => Promise<Chunk['encoding']>;

/**
 * The files section of a release folder: every file but release.json, by path, in order.
 * A link, a device or an unsafe name is an error, not something to skip.
 * @throws CodedError `release-path-unsafe`, `release-invalid`
 */
export async function listFiles(folder: string, keep: Keep = justEncode): Promise<Release['files']> {
  const files: Release['files'] = {};
  for (const path of await walk(folder, '')) {
    if (path !== releaseJsonName) files[path] = await chunkFile(join(folder, path), keep);
  }
  return files;
}

const justEncode: Keep = async (_, raw) => (await encodeChunk(raw)).encoding;

async function walk(folder: string, under: string): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(join(folder, under), { withFileTypes: true })) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`;
    if (!safeReleasePath(path)) throw new CodedError('release-path-unsafe', path);
    if (entry.isDirectory()) paths.push(...(await walk(folder, path)));
    else if (entry.isFile()) paths.push(path);
    else throw new CodedError('release-path-unsafe', `${path} is not a plain file`);
    if (paths.length > filesMax) throw new CodedError('release-invalid', `more than ${filesMax} files`);
  }
  return paths.sort();
}

/** The bytes of release.json: keys in order, so that the same release has the same digest wherever it is made. */
export const releaseJson = (release: Release): Buffer => Buffer.from(`${JSON.stringify(sorted(release), null, 1)}\n`);

/** What a release is named by everywhere. */
export const manifestDigest = (releaseJsonBytes: Buffer): string => sha256Hex(releaseJsonBytes);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
