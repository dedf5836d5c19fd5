export type SqlValue = string | number | bigint | Buffer | null;
export type Row = Readonly<Record<string, SqlValue>>;

/** One statement of a write. With `expectChanges` the whole write is undone when it changed another number of rows. */
export type Statement = {
  readonly sql: string;
  readonly params?: readonly SqlValue[] | Readonly<Record<string, SqlValue>>;
  readonly expectChanges?: number;
};

/** `rows` is filled by a statement that returns rows (`RETURNING`). */
export type StatementResult = { readonly changes: number; readonly rows: readonly Row[] };

/**
 * A SQLite database behind one writer thread with group commit.
 * `write` is one atomic unit and resolves only when it is on the disk (WAL, synchronous=FULL);
 * a failed expectation rejects with `store-conflict` and leaves nothing behind.
 * Reads are synchronous on a read-only connection of the calling thread: keep them small and indexed.
 */
export interface Store {
  write(statements: readonly Statement[]): Promise<readonly StatementResult[]>;
  all<R = Row>(sql: string, ...params: readonly SqlValue[]): R[];
  get<R = Row>(sql: string, ...params: readonly SqlValue[]): R | undefined;
  close(): Promise<void>;
}
