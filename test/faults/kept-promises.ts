import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { part10Parts } from '../demo/part10-parts.ts';
import type { Acknowledged } from './send-noting.ts';

/**
 * Looks for every acknowledged instance in a data folder: in the index, on the disk, and whole.
 *
 * @returns a line for each that is not there as it was sent
 */
export function brokenPromises(dataDir: string, acknowledged: readonly Acknowledged[]): string[] {
  const database = new Database(join(dataDir, 'agent.sqlite'), { readonly: true });
  try {
    const select = database.prepare('SELECT path, sha256 FROM instances WHERE sop_instance_uid = ?');
    return acknowledged.flatMap(({ sopInstanceUid, dataSetSha256 }) => {
      const row = select.get(sopInstanceUid) as { path: string; sha256: string } | undefined;
      if (row === undefined) return [`${sopInstanceUid} is not in the index`];
      const path = join(dataDir, row.path);
      if (!existsSync(path)) return [`${sopInstanceUid} has no file`];
      const digest = createHash('sha256')
        .update(part10Parts(readFileSync(path)).dataSet)
        .digest('hex');
      if (digest !== dataSetSha256) return [`${sopInstanceUid} has other bytes than were sent`];
      return row.sha256 === dataSetSha256 ? [] : [`${sopInstanceUid} has another digest in the index`];
    });
  } finally {
    database.close();
  }
}
