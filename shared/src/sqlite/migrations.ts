import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { CodedError } from '../errors/coded-error.ts';

export type Migration = {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
};

/** The numbered SQL files of a folder, in order. Two files of one number, or a stray name, is a bug and throws. */
export function readMigrations(folder: URL): readonly Migration[] {
  const migrations = readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file): Migration => {
      const match = /^(\d{4})-([a-z0-9-]+)\.sql$/.exec(file);
      if (match === null) throw new Error(`${file} is not named NNNN-name.sql`);
      const sql = readFileSync(new URL(file, folder), 'utf8');
      return { number: Number(match[1]), name: file, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    });
  for (const [i, m] of migrations.entries()) {
    if (i > 0 && migrations[i - 1]?.number === m.number) throw new Error(`two migrations are numbered ${m.number}`);
  }
  return migrations;
}

/**
 * Brings a database to the last migration, each in a transaction of its own.
 * A database that knows a migration which these files lack, or another text under the same number, is left untouched.
 */
export function migrate(database: Database.Database, migrations: readonly Migration[], file: string): void {
  database.exec(
    'CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied_at TEXT NOT NULL) STRICT',
  );
  const applied = database.prepare('SELECT number, name, sha256 FROM migrations ORDER BY number').all() as Migration[];
  for (const had of applied) {
    const has = migrations.find((m) => m.number === had.number);
    if (has === undefined) throw new CodedError('store-schema', `${file} holds migration ${had.name}, unknown here`);
    if (has.sha256 !== had.sha256) throw new CodedError('store-schema', `${file}: ${had.name} had another text`);
  }
  const done = new Set(applied.map((m) => m.number));
  for (const m of migrations.filter((each) => !done.has(each.number))) {
    database.transaction(() => {
      database.exec(m.sql);
      database
        .prepare("INSERT INTO migrations VALUES (?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))")
        .run(m.number, m.name, m.sha256);
    })();
  }
}
