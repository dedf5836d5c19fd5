import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runGroup } from './group-commit.ts';
import { openStore } from './open-store.ts';
import { assertDurable, setPragmas } from './pragmas.ts';

let dir: string;
let file: string;
let migrations: URL;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-'));
  file = join(dir, 'a.db');
  migrations = pathToFileURL(`${dir}/`);
  writeFileSync(
    join(dir, '0001-first.sql'),
    'CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL, b BLOB) STRICT;',
  );
});
afterEach(() => rmSync(dir, { recursive: true }));

const insert = (id: number, v: string) => ({ sql: 'INSERT INTO t (id, v) VALUES (?, ?)', params: [id, v] });

describe('a store', () => {
  test('shows what was written, rows of RETURNING and buffers included', async () => {
    const store = await openStore({ file, migrations });
    const [result] = await store.write([
      { sql: 'INSERT INTO t (v, b) VALUES (?, ?) RETURNING id, b', params: ['x', Buffer.from([1, 2])] },
    ]);
    expect(result?.rows).toEqual([{ id: 1, b: Buffer.from([1, 2]) }]);
    expect(store.get('SELECT v FROM t WHERE id = ?', 1)).toEqual({ v: 'x' });
    await store.close();
  });

  test('undoes a whole write when one expectation fails, and only that write', async () => {
    const store = await openStore({ file, migrations });
    const writes = [
      store.write([insert(1, 'a')]),
      store.write([insert(2, 'b'), { sql: 'UPDATE t SET v = ? WHERE id = 99', params: ['c'], expectChanges: 1 }]),
      store.write([insert(3, 'd'), insert(1, 'again')]),
      store.write([insert(4, 'e')]),
    ];
    const outcomes = await Promise.allSettled(writes);
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    expect(outcomes.map((o) => (o.status === 'rejected' ? o.reason.code : ''))).toEqual([
      '',
      'store-conflict',
      'store-conflict',
      '',
    ]);
    expect(store.all('SELECT id FROM t ORDER BY id')).toEqual([{ id: 1 }, { id: 4 }]);
    await store.close();
  });

  test('answers each of many writes that are asked for in one turn, and those before it is closed in the same turn', async () => {
    const store = await openStore({ file, migrations });
    const ids = Array.from({ length: 600 }, (_, index) => index + 1);
    const writes = ids.map((id) => store.write([insert(id, `${id}`), ...(id % 100 === 0 ? [insert(1, 'again')] : [])]));
    const closed = store.close();
    const outcomes = await Promise.allSettled(writes);
    await closed;
    expect(ids.filter((_, index) => outcomes[index]?.status === 'rejected')).toEqual([100, 200, 300, 400, 500, 600]);
    const again = await openStore({ file, migrations });
    expect(again.get('SELECT count(*) AS n FROM t')).toEqual({ n: 594 });
    await again.close();
  });

  test('refuses a write beyond its bound, and after closing', async () => {
    const store = await openStore({ file, migrations, pendingMax: 2 });
    const accepted = [store.write([insert(1, 'a')]), store.write([insert(2, 'a')])];
    await expect(store.write([insert(3, 'a')])).rejects.toMatchObject({ code: 'store-unavailable' });
    await Promise.all(accepted);
    await store.close();
    await expect(store.write([insert(4, 'a')])).rejects.toMatchObject({ code: 'store-unavailable' });
  });

  test('says once that its writer has died, and leaves no write waiting', async () => {
    const dies =
      "import('node:worker_threads').then(({ parentPort }) => { parentPort.once('message', () => process.exit(3)); parentPort.postMessage('ready'); })";
    const lost: string[] = [];
    const store = await openStore({
      file,
      migrations,
      writer: new URL(`data:text/javascript,${encodeURIComponent(dies)}`),
      onLost: (error) => lost.push(error.code),
    });
    const writes = await Promise.allSettled([store.write([insert(1, 'a')]), store.write([insert(2, 'b')])]);
    expect(writes.map((write) => write.status)).toEqual(['rejected', 'rejected']);
    await expect(store.write([insert(3, 'c')])).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(lost).toEqual(['store-unavailable']);
  });

  test('runs at synchronous=FULL on a file that is opened again', async () => {
    await (await openStore({ file, migrations })).close();
    const reopened = new Database(file);
    expect(reopened.pragma('journal_mode', { simple: true })).toBe('wal');
    expect(reopened.pragma('synchronous', { simple: true }), 'the trap that the pragma is there for').toBe(1);
    expect(() => assertDurable(reopened, file)).toThrow(/synchronous=1/);
    setPragmas(reopened);
    assertDurable(reopened, file);
    reopened.close();
  });

  test('leaves a database alone that another version made', async () => {
    await (await openStore({ file, migrations })).close();
    writeFileSync(join(dir, '0001-first.sql'), 'CREATE TABLE u (id INTEGER PRIMARY KEY) STRICT;');
    await expect(openStore({ file, migrations })).rejects.toMatchObject({ code: 'store-schema' });
  });

  test('applies later migrations once, and none of one that fails', async () => {
    await (await openStore({ file, migrations })).close();
    writeFileSync(join(dir, '0002-second.sql'), 'CREATE TABLE u (id INTEGER PRIMARY KEY) STRICT; SELECT nonsense;');
    await expect(openStore({ file, migrations })).rejects.toThrow(/nonsense/);
    writeFileSync(join(dir, '0002-second.sql'), 'CREATE TABLE u (id INTEGER PRIMARY KEY) STRICT;');
    for (let i = 0; i < 2; i++) await (await openStore({ file, migrations })).close();
    const database = new Database(file, { readonly: true });
    expect(database.prepare('SELECT count(*) AS n FROM migrations').get()).toEqual({ n: 2 });
    database.close();
  });
});

test('a group whose transaction the database itself ended answers no write as stored', () => {
  const database = new Database(':memory:');
  database.exec('CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT ROLLBACK, v TEXT)');
  const answers = runGroup(database, [
    { id: 1, statements: [insert(1, 'a')] },
    { id: 2, statements: [insert(1, 'b')] },
  ]);
  expect(answers.map((a) => a.ok)).toEqual([false, false]);
  expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
});
