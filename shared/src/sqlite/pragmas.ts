import type Database from 'better-sqlite3';
import { CodedError } from '../errors/coded-error.ts';

const busyTimeoutMs = 10_000;

/**
 * WAL with synchronous=FULL, set at every open: better-sqlite3 is built with `DEFAULT_WAL_SYNCHRONOUS=1`, so a WAL
 * database that is opened again would silently run at NORMAL and a commit would not reach the disk.
 */
export function setPragmas(database: Database.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma(`busy_timeout = ${busyTimeoutMs}`);
}

/** Throws `store-unavailable` unless a commit on this connection reaches the disk. */
export function assertDurable(database: Database.Database, file: string): void {
  const mode = database.pragma('journal_mode', { simple: true });
  const synchronous = database.pragma('synchronous', { simple: true });
  if (mode !== 'wal' || synchronous !== 2) {
    throw new CodedError(
      'store-unavailable',
      `${file}: journal_mode=${String(mode)}, synchronous=${String(synchronous)}`,
    );
  }
}
