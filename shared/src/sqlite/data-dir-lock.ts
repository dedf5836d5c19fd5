import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { CodedError } from '../errors/coded-error.ts';

export interface DataDirLock {
  release(): void;
}

/**
 * Takes the data folder for this process, or throws `data-dir-in-use`.
 * Node has no flock; SQLite's exclusive lock is one: the kernel drops it when the process ends, however it ends, so
 * that no stale lock file ever keeps a program from starting.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const database = new Database(join(dataDir, 'program.lock'), { timeout: 0 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw new CodedError('data-dir-in-use', dataDir, { cause: error });
  }
  return { release: () => void database.close() };
}
