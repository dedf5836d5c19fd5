import { access, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chunk } from '@collimator/shared/contracts/release';
import { sha256Hex } from '@collimator/shared/release/canonical-json';
import { encodeChunk } from '@collimator/shared/release/chunk-file';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';

/** Part of an object as it travels. `total` is the length of the whole encoded object. */
export type ObjectRange = { readonly payload: Buffer; readonly total: number; readonly encoding: Chunk['encoding'] };

/** Files named by the SHA-256 of their raw bytes: chunks of releases, release.json and trust metadata. */
export interface ObjectStore {
  /** Keeps bytes as they are; resolves with their digest when they are on the disk. */
  readonly put: (bytes: Buffer) => Promise<string>;
  /** Keeps a chunk in the encoding that suits it, or finds it kept already; resolves with that encoding. */
  readonly putChunk: (sha256: string, raw: Buffer) => Promise<Chunk['encoding']>;
  /** At most `length` bytes from `offset` of the encoded object; undefined when it is not here. */
  readonly readRange: (sha256: string, offset: number, length: number) => Promise<ObjectRange | undefined>;
}

export function openObjectStore(dir: string): ObjectStore {
  const plain = (sha256: string) => join(dir, 'sha256', sha256.slice(0, 2), sha256);
  const zipped = (sha256: string) => `${plain(sha256)}.gz`;
  const keep = async (path: string, sha256: string, bytes: Buffer) => {
    await makeFolder(join(dir, 'sha256', sha256.slice(0, 2)));
    await writeDurably(path, bytes);
  };
  return {
    async put(bytes) {
      const sha256 = sha256Hex(bytes);
      if (!(await exists(plain(sha256)))) await keep(plain(sha256), sha256, bytes);
      return sha256;
    },
    async putChunk(sha256, raw) {
      // The first encoding stays: every release that shares the chunk must write the same one in its file list.
      if (await exists(plain(sha256))) return 'identity';
      if (await exists(zipped(sha256))) return 'gzip';
      const { encoding, payload } = await encodeChunk(raw);
      await keep(encoding === 'gzip' ? zipped(sha256) : plain(sha256), sha256, payload);
      return encoding;
    },
    async readRange(sha256, offset, length) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
      const identity = await readPart(plain(sha256), offset, length);
      if (identity !== undefined) return { ...identity, encoding: 'identity' };
      const gzip = await readPart(zipped(sha256), offset, length);
      return gzip && { ...gzip, encoding: 'gzip' };
    },
  };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

async function readPart(path: string, offset: number, length: number) {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const payload = Buffer.alloc(Math.max(0, Math.min(length, size - offset)));
    const { bytesRead } = await file.read(payload, 0, payload.length, offset);
    return { payload: payload.subarray(0, bytesRead), total: size };
  } finally {
    await file.close();
  }
}
