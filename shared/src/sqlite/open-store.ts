import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { entryFile } from '../entry.ts';
import { CodedError } from '../errors/coded-error.ts';
import { migrate, readMigrations } from './migrations.ts';
import { assertDurable, setPragmas } from './pragmas.ts';
import type { Row, SqlValue, Statement, StatementResult, Store } from './store.ts';
import type { WriterAnswer, WriterRequest } from './writer-protocol.ts';

export type StoreOptions = {
  readonly file: string;
  /** Folder of `NNNN-name.sql` files. */
  readonly migrations: URL;
  /** Writes waiting for the disk at once; one more is refused with `store-unavailable`. */
  readonly pendingMax?: number;
  /**
   * The writer has died, and nothing can be stored any more. A program in that state would answer to nobody's use, so
   * by default the error is thrown where nobody catches it: the process ends, and its service manager starts it anew.
   */
  readonly onLost?: (error: CodedError) => void;
  /** Another writer, for tests of its death. */
  readonly writer?: URL;
};

const pendingMaxDefault = 10_000;

/** Opens (and migrates) a database; see `Store`. Throws `store-schema` when it was made by another version. */
export async function openStore(options: StoreOptions): Promise<Store> {
  mkdirSync(dirname(options.file), { recursive: true });
  const migrator = new Database(options.file);
  try {
    setPragmas(migrator);
    assertDurable(migrator, options.file);
    migrate(migrator, readMigrations(options.migrations), options.file);
  } finally {
    migrator.close();
  }
  const entry = options.writer ?? entryFile(import.meta.url, './writer-thread.js');
  const writer = new Worker(entry, { workerData: { file: options.file } });
  await new Promise<void>((resolve, reject) => {
    writer.once('message', () => resolve());
    writer.once('error', reject);
  });
  const reader = new Database(options.file, { readonly: true });
  return connect(writer, reader, options.pendingMax ?? pendingMaxDefault, options.onLost ?? endProcess);
}

type Waiter = { resolve: (results: readonly StatementResult[]) => void; reject: (error: CodedError) => void };

function endProcess(error: CodedError): void {
  setImmediate(() => {
    throw error;
  });
}

function connect(
  writer: Worker,
  reader: Database.Database,
  pendingMax: number,
  onLost: (error: CodedError) => void,
): Store {
  const waiting = new Map<number, Waiter>();
  const prepared = new Map<string, Database.Statement>();
  let lastId = 0;
  let closed = false;
  let outgoing: WriterRequest[] = [];

  writer.on('message', (answers: WriterAnswer[]) => {
    for (const answer of answers) {
      const waiter = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.ok) waiter?.resolve(answer.results.map(revive));
      else waiter?.reject(new CodedError(answer.code, answer.detail));
    }
  });
  const lose = (why: string) => {
    const unexpected = !closed;
    closed = true;
    const error = new CodedError('store-unavailable', why);
    for (const waiter of waiting.values()) waiter.reject(error);
    waiting.clear();
    if (unexpected) onLost(error);
  };
  writer.on('error', (error) => lose(error instanceof Error ? error.message : String(error)));
  writer.on('exit', () => lose('the writer has ended'));

  const statement = (sql: string): Database.Statement => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = reader.prepare(sql);
    prepared.set(sql, made);
    return made;
  };

  /** Writes that are asked for in one turn go to the writer together, so that one commit serves them all. */
  function send(): void {
    const requests = outgoing;
    outgoing = [];
    if (requests.length > 0) writer.postMessage(requests);
  }

  return {
    write(statements: readonly Statement[]) {
      if (closed) return Promise.reject(new CodedError('store-unavailable', 'the store is closed'));
      if (waiting.size >= pendingMax) {
        return Promise.reject(new CodedError('store-unavailable', `${waiting.size} writes are waiting for the disk`));
      }
      const id = ++lastId;
      return new Promise<readonly StatementResult[]>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        if (outgoing.push({ id, statements }) === 1) process.nextTick(send);
      });
    },
    all: <R = Row>(sql: string, ...params: readonly SqlValue[]) => statement(sql).all(...params) as R[],
    get: <R = Row>(sql: string, ...params: readonly SqlValue[]) => statement(sql).get(...params) as R | undefined,
    async close() {
      if (closed) return;
      closed = true;
      const ended = new Promise<void>((resolve) => writer.once('exit', () => resolve()));
      send();
      writer.postMessage('close');
      await ended;
      reader.close();
    },
  };
}

/** A Buffer crosses threads as a Uint8Array; rows hold Buffers again. */
function revive(result: StatementResult): StatementResult {
  for (const row of result.rows as Record<string, SqlValue | Uint8Array>[]) {
    for (const [key, value] of Object.entries(row)) {
      if (value instanceof Uint8Array && !Buffer.isBuffer(value)) {
        row[key] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      }
    }
  }
  return result;
}
