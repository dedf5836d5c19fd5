// Writes files in ways that survive a power cut and in ways that do not, says `done`, and waits to be killed. Plain
// JavaScript: it runs by itself under the recorder.
//
//   node control-writer.mjs FOLDER
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const [folder] = process.argv.slice(2);
const at = (name) => join(folder, name);

function write(name, text, { sync }) {
  const file = openSync(at(name), 'w');
  writeSync(file, text);
  if (sync) fsyncSync(file);
  closeSync(file);
}
function syncFolder(name) {
  const handle = openSync(at(name), 'r');
  fsyncSync(handle);
  closeSync(handle);
}

mkdirSync(at('kept'));
mkdirSync(at('not-kept'));
write('kept/synced', 'all of it', { sync: true });
write('kept/unsynced', 'nothing of it', { sync: false });
write('kept/old', 'renamed', { sync: true });
syncFolder('kept');
renameSync(at('kept/old'), at('kept/new'));
write('kept/name-not-synced', 'no name', { sync: true });
write('not-kept/file', 'no name either', { sync: true });
write('kept/grown', 'first', { sync: true });
// As the appliance writes: through the thread pool, several buffers at a time, at the end and at a place.
const handle = await open(at('kept/pooled'), 'wx', 0o600);
await handle.write(Buffer.from('one '));
await handle.writev([Buffer.from('two '), Buffer.from('three ')]);
await handle.writev([Buffer.from('fo'), Buffer.from('ur')], 14);
await handle.datasync();
await handle.appendFile(' and five');
await handle.close();
linkSync(at('kept/grown'), at('kept/linked'));
syncFolder('kept');
rmSync(at('kept/name-not-synced'));
writeFileSync(at('kept/grown'), ' and then', { flag: 'a' });
// The folder itself, but without what came into not-kept.
syncFolder('');

for (const mode of ['FULL', 'OFF']) {
  const database = new Database(at(`${mode}.sqlite`));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.exec('CREATE TABLE t (a INTEGER)');
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.pragma(`synchronous = ${mode}`);
  for (let a = 1; a <= 100; a += 1) database.prepare('INSERT INTO t VALUES (?)').run(a);
  globalThis[mode] = database;
}
syncFolder('');
process.stdout.write('done\n');
setInterval(() => undefined, 1000);
