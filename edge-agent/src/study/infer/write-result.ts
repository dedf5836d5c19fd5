import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { makeFolder, writeDurably } from '@collimator/shared/files/durable-file';

/**
 * Writes an object of ours, whole and durable together with the folders that lead to it.
 *
 * @returns SHA-256 of the bytes, lower-case hex
 */
export async function writeResult(file: string, bytes: Uint8Array): Promise<string> {
  await makeFolder(dirname(file));
  await writeDurably(file, bytes);
  return createHash('sha256').update(bytes).digest('hex');
}
