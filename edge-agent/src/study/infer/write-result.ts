import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';

/**
 * Writes an object of ours, whole and durable together with the folders that lead to it.
 *
 * @param content in one piece, or in pieces that are made while they are written
 * @returns SHA-256 of the bytes, lower-case hex
 */
export async function writeResult(file: string, content: Uint8Array | Iterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  await makeFolder(dirname(file));
  await writeDurably(file, hashed(content instanceof Uint8Array ? [content] : content, hash));
  return hash.digest('hex');
}

function* hashed(pieces: Iterable<Uint8Array>, hash: { update(piece: Uint8Array): unknown }): Iterable<Uint8Array> {
  for (const piece of pieces) {
    hash.update(piece);
    yield piece;
  }
}
