import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Statement, StatementResult, Store } from '@collimator/shared/sqlite/store';
import { type AuditEntry, type AuditRecord, firstBroken, nextRecord } from './chain.ts';

export interface AuditLog {
  /**
   * Writes what was done together with the record of it: either both are on the disk or neither.
   * @returns the results of `statements`
   */
  record(entry: AuditEntry, statements?: readonly Statement[]): Promise<readonly StatementResult[]>;
  /** Records after `after`, oldest first. */
  list(after: number, limit: number): readonly AuditRecord[];
  /** Throws `audit-broken` naming the first record that was changed. */
  verify(): void;
}

/** Audited writes waiting for each other at once: each needs the digest of the one before it. */
const waitingMax = 1_000;
const verifyPage = 1_000;

type AuditRow = {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail_json: string;
  readonly previous_sha256: string;
  readonly sha256: string;
};

export function createAuditLog(deps: { readonly store: Store; readonly now: () => Date }): AuditLog {
  const { store, now } = deps;
  let waiting = 0;
  let queue: Promise<unknown> = Promise.resolve();

  const append = async (entry: AuditEntry, statements: readonly Statement[]): Promise<readonly StatementResult[]> => {
    const last = store.get<AuditRow>('SELECT * FROM audit ORDER BY seq DESC LIMIT 1');
    const record = nextRecord(last, entry, now().toISOString());
    const results = await store.write([
      ...statements,
      {
        sql: 'INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        params: [
          record.seq,
          record.at,
          record.actor,
          record.action,
          record.subject,
          JSON.stringify(record.detail),
          record.previous,
          record.sha256,
        ],
      },
    ]);
    return results.slice(0, statements.length);
  };

  return {
    async record(entry, statements = []) {
      if (waiting >= waitingMax) throw new CodedError('store-unavailable', `${waiting} audited writes are waiting`);
      waiting += 1;
      const mine = queue.then(() => append(entry, statements));
      // The next one waits for this one, and does not share its failure.
      queue = mine.then(
        () => undefined,
        () => undefined,
      );
      try {
        return await mine;
      } finally {
        waiting -= 1;
      }
    },
    list: (after, limit) =>
      store.all<AuditRow>('SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?', after, limit).map(toRecord),
    verify() {
      let last: AuditRecord | undefined;
      for (;;) {
        const page = this.list(last?.seq ?? 0, verifyPage);
        const broken = firstBroken(page, last);
        if (broken !== undefined) throw new CodedError('audit-broken', `record ${broken}`);
        if (page.length < verifyPage) return;
        last = page.at(-1);
      }
    },
  };
}

const toRecord = (row: AuditRow): AuditRecord => ({
  seq: row.seq,
  at: row.at,
  actor: row.actor,
  action: row.action,
  subject: row.subject,
  detail: JSON.parse(row.detail_json) as AuditRecord['detail'],
  previous: row.previous_sha256,
  sha256: row.sha256,
});
