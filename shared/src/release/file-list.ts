import type { Release, ReleaseFile } from '../contracts/release.ts';
import type { Refusal } from './refusal.ts';

export const releaseJsonName = 'release.json';

/** How many files and bytes one release may have on a device. */
export const filesMax = 4096;
export const releaseBytesMax = 64 * 1024 ** 3;

/** A plain relative path: no absolute one, no `..`, no empty or hidden part, nothing that Windows or a shell reads. */
export const safeReleasePath = (path: string): boolean =>
  path.length <= 512 &&
  path.split('/').every((part) => /^[A-Za-z0-9_][A-Za-z0-9._-]{0,126}$/.test(part) && !part.endsWith('.'));

/** What is wrong with a file list, if anything: unsafe or clashing paths, chunks that do not cover their file. */
export function fileListProblem(files: Release['files']): Refusal | undefined {
  const paths = Object.keys(files);
  if (paths.length > filesMax) return { code: 'release-invalid', detail: `${paths.length} files` };
  const seen = new Set<string>();
  let bytes = 0;
  for (const path of paths) {
    if (!safeReleasePath(path) || path.toLowerCase() === releaseJsonName)
      return { code: 'release-path-unsafe', detail: JSON.stringify(path).slice(0, 200) };
    // Two paths that differ in case only would be one file on some disks.
    if (seen.has(path.toLowerCase())) return { code: 'release-path-unsafe', detail: `${path} is there twice` };
    seen.add(path.toLowerCase());
    const file = files[path] as ReleaseFile;
    if (!chunksCover(file)) return { code: 'release-invalid', detail: `${path}: its chunks do not cover it` };
    bytes += file.bytes;
  }
  for (const path of seen)
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1))
      if (seen.has(path.slice(0, at))) return { code: 'release-path-unsafe', detail: `${path} lies in a file` };
  return bytes > releaseBytesMax ? { code: 'release-invalid', detail: `${bytes} bytes` } : undefined;
}

/** Whether the chunks, in order, cover the file without a gap or an overlap. */
export function chunksCover(file: ReleaseFile): boolean {
  let end = 0;
  for (const chunk of file.chunks) {
    if (chunk.offset !== end) return false;
    end += chunk.length;
  }
  return end === file.bytes;
}
