import type Database from 'better-sqlite3';
import type { Row, Statement, StatementResult } from './store.ts';
import type { WriterAnswer, WriterRequest } from './writer-protocol.ts';

class Unexpected extends Error {}

/** Statements that a database keeps ready; more would be texts that are made anew each time. */
export const PREPARED_MAX = 512;

const preparedOf = new WeakMap<Database.Database, Map<string, Database.Statement>>();

/** Reading a statement's text costs as much as running it. */
function prepare(database: Database.Database, sql: string): Database.Statement {
  let prepared = preparedOf.get(database);
  if (prepared === undefined) preparedOf.set(database, (prepared = new Map()));
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const made = database.prepare(sql);
  if (prepared.size < PREPARED_MAX) prepared.set(sql, made);
  return made;
}

/**
 * Runs several writes in one transaction, each in a savepoint of its own, so that one fsync serves them all
 * and one that fails takes nothing of the others with it. Answers are true only once this has returned.
 */
export function runGroup(database: Database.Database, group: readonly WriterRequest[]): WriterAnswer[] {
  const answers: WriterAnswer[] = [];
  try {
    prepare(database, 'BEGIN IMMEDIATE').run();
    for (const request of group) answers.push(runOne(database, request));
    prepare(database, 'COMMIT').run();
    return answers;
  } catch (error) {
    if (database.inTransaction) database.exec('ROLLBACK');
    return group.map(({ id }) => ({ id, ok: false, code: 'store-unavailable', detail: reason(error) }));
  }
}

function runOne(database: Database.Database, request: WriterRequest): WriterAnswer {
  prepare(database, 'SAVEPOINT one').run();
  try {
    const results = request.statements.map((statement) => execute(database, statement));
    prepare(database, 'RELEASE one').run();
    return { id: request.id, ok: true, results };
  } catch (error) {
    // Some failures (a full disk) end the whole transaction: then no write of the group may be answered as stored.
    if (!database.inTransaction) throw error;
    prepare(database, 'ROLLBACK TO one').run();
    prepare(database, 'RELEASE one').run();
    const conflict = error instanceof Unexpected || isConstraint(error);
    return {
      id: request.id,
      ok: false,
      code: conflict ? 'store-conflict' : 'store-unavailable',
      detail: reason(error),
    };
  }
}

function execute(database: Database.Database, statement: Statement): StatementResult {
  const prepared = prepare(database, statement.sql);
  const params = statement.params ?? [];
  const args: readonly unknown[] = Array.isArray(params) ? params : [params];
  if (!prepared.reader) {
    const { changes } = prepared.run(...args);
    expectChanges(statement, changes);
    return { changes, rows: [] };
  }
  const rows = prepared.all(...args) as Row[];
  expectChanges(statement, rows.length);
  return { changes: rows.length, rows };
}

function expectChanges(statement: Statement, changes: number): void {
  if (statement.expectChanges !== undefined && statement.expectChanges !== changes) {
    throw new Unexpected(`expected ${statement.expectChanges} rows, met ${changes}: ${statement.sql}`);
  }
}

const isConstraint = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CONSTRAINT');

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));
