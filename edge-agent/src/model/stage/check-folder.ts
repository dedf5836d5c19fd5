import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Release } from '@collimator/shared/contracts/release';
import { type Refusal, refuse } from '@collimator/shared/release/refusal';
import { ok, type Result } from '@collimator/shared/result';

/** Whether every file of a release lies in a folder with the bytes that were signed. Reads everything once. */
export async function checkFolder(folder: string, files: Release['files']): Promise<Result<undefined, Refusal>> {
  for (const [path, file] of Object.entries(files)) {
    const hash = createHash('sha256');
    try {
      await pipeline(createReadStream(join(folder, path)), hash);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return refuse('file-mismatch', `${path} is missing`);
      throw error;
    }
    if (hash.digest('hex') !== file.sha256) return refuse('file-mismatch', path);
  }
  return ok(undefined);
}
