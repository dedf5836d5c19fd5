import { createHash } from 'node:crypto';

export type FileDigest = { readonly path: string; readonly bytes: number; readonly sha256: string };

export const sha256Hex = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/**
 * The digest of a dataset: SHA-256 over one line `sha256 bytes path` per file, ordered by the bytes of the path.
 * It changes with any byte of any file and with any name, and with nothing else.
 */
export function datasetDigest(files: readonly FileDigest[]): string {
  const lines = [...files]
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)))
    .map((file) => `${file.sha256} ${file.bytes} ${file.path}\n`);
  return `sha256:${sha256Hex(lines.join(''))}`;
}
