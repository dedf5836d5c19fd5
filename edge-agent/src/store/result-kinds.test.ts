import { mkdtemp, readdir, rm, copyFile } from 'node:fs/promises';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { migrate, readMigrations } from '@collimator/shared/sqlite/migrations';
import { setPragmas } from '@collimator/shared/sqlite/pragmas';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it } from 'vitest';

const all = new URL('./migrations/', import.meta.url);

let folder: string;
let database: Database.Database;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'result-kinds-'));
  database = new Database(join(folder, 'agent.sqlite'));
  setPragmas(database);
});
afterEach(async () => {
  database.close();
  await rm(folder, { recursive: true });
});

/** The migrations before the one under test, in a folder of their own. */
async function earlier(): Promise<URL> {
  const names = (await readdir(all)).sort();
  const until = names.findIndex((name) => name.endsWith('-result-kinds.sql'));
  const before = join(folder, 'before');
  mkdirSync(before);
  for (const name of names.slice(0, until)) await copyFile(new URL(name, all), join(before, name));
  return pathToFileURL(`${before}/`);
}

it('keeps the results and deliveries that a database holds, and lets it hold the other kinds', async () => {
  migrate(database, readMigrations(await earlier()), 'test');
  database.exec(`
    INSERT INTO studies (id, study_instance_uid, open_since_ms, last_received_ms) VALUES (1, '1.1', 1, 1);
    INSERT INTO series (id, study_id, series_instance_uid, modality, body_part, description) VALUES (1, 1, '1.2', '', '', '');
    INSERT INTO study_revisions (id, study_id, number, through_instance_id, first_received_ms, last_received_ms, completed_ms)
      VALUES (1, 1, 1, 1, 1, 1, 1);
    INSERT INTO jobs (id, revision_id, series_id, series_through, release_name, release_version, release_sha256, priority,
      state, slices, queued_ms) VALUES (1, 1, 1, 1, 'a', '1.0.0', 'x', 2, 'inferred', 1, 1);
    INSERT INTO results (id, job_id, object, sop_class_uid, sop_instance_uid, transfer_syntax_uid, path, sha256)
      VALUES (7, 1, 'SEG', '1', '2.25.7', '1', 'p', 's'), (9, 1, 'SR', '1', '2.25.9', '1', 'p', 's');
    DELETE FROM results WHERE id = 9;
  `);
  const columns = database.pragma('table_info(deliveries)') as { name: string; notnull: number; dflt_value: unknown }[];
  const needed = columns.filter(
    ({ name, notnull, dflt_value }) => name !== 'id' && notnull === 1 && dflt_value === null,
  );
  const values = { result_id: '7', destination: "'pacs'", state: "'pending'" } as Record<string, string>;
  database.exec(`INSERT INTO deliveries (id, ${needed.map(({ name }) => name).join(', ')})
    VALUES (5, ${needed.map(({ name }) => values[name] ?? '1').join(', ')})`);
  const deliveries = database.prepare('SELECT * FROM deliveries').all();

  // The table stays as it is until the whole migration is through.
  const through = readMigrations(all);
  const broken = through.map((m) => (m.name.endsWith('-result-kinds.sql') ? { ...m, sql: `${m.sql}; broken` } : m));
  expect(() => migrate(database, broken, 'test')).toThrow(/syntax/);
  expect(database.prepare('SELECT id FROM results').all()).toEqual([{ id: 7 }]);
  expect(database.prepare('SELECT * FROM deliveries').all()).toEqual(deliveries);

  migrate(database, through, 'test');

  expect(database.prepare('SELECT * FROM deliveries').all()).toMatchObject(deliveries);
  expect(database.pragma('foreign_key_check')).toEqual([]);
  const insert = database.prepare(`INSERT INTO results (job_id, object, ordinal, sop_class_uid, sop_instance_uid,
    series_instance_uid, transfer_syntax_uid, path, sha256) VALUES (1, ?, ?, '1', ?, '1', '1', 'p', 's')`);
  // An id that was given once is not given again.
  expect(insert.run('SC', 1, '2.25.10').lastInsertRowid).toBe(10);
  for (const object of ['SR', 'GSPS', 'PM', 'KOS']) insert.run(object, 1, `2.25.${object.length}${object}`);
  insert.run('SC', 2, '2.25.11');
  expect(() => insert.run('SC', 2, '2.25.12')).toThrow(/UNIQUE/);
  expect(() => insert.run('PDF', 1, '2.25.13')).toThrow(/CHECK/);
  expect(() => database.exec('DELETE FROM results WHERE id = 7')).toThrow(/FOREIGN KEY/);
});
