import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { SopReference } from '../dimse/index.ts';

/** A request that somebody made to us. */
export type CommitmentRequestRow = {
  readonly requestId: number;
  readonly transactionUid: string;
  readonly callingAeTitle: string;
  readonly state: 'asking' | 'decided';
  readonly since_ms: number;
  readonly attempts: number;
};

/** `outcome`: 0 committed, else a Failure Reason; null when it is not known yet. */
export type RequestedInstance = SopReference & { readonly outcome: number | null };

export type CommitmentRequests = {
  /** Notes a request; false when this requestor has used the transaction UID before. */
  add(uid: string, callingAeTitle: string, references: readonly SopReference[], now_ms: number): Promise<boolean>;
  due(now_ms: number, limit: number): CommitmentRequestRow[];
  nextDue_ms(): number | undefined;
  open(): number;
  get(requestId: number): CommitmentRequestRow | undefined;
  instances(requestId: number): RequestedInstance[];
  /** Statements that note what the PACS said of some instances and what is next; for one write with its transaction. */
  noted(
    requestId: number,
    outcomes: readonly { readonly sopInstanceUid: string; readonly outcome: number }[],
    next: { readonly state: 'asking' | 'decided'; readonly due_ms: number },
  ): Statement[];
  /** The next step is due later. */
  later(requestId: number, due_ms: number): Promise<void>;
  /** Its answer was given, or nobody takes it. */
  end(requestId: number, state: 'answered' | 'given-up'): Promise<void>;
};

const columns = `id AS requestId, transaction_uid AS transactionUid, calling_ae_title AS callingAeTitle, state, since_ms,
  attempts`;

export const commitmentRequestSql = {
  due: `SELECT ${columns} FROM commitment_requests WHERE state IN ('asking', 'decided') AND due_ms <= ? LIMIT ?`,
  next: `SELECT min(due_ms) AS due FROM commitment_requests WHERE state IN ('asking', 'decided')`,
  open: `SELECT count(*) AS n FROM commitment_requests WHERE state IN ('asking', 'decided')`,
  get: `SELECT ${columns} FROM commitment_requests WHERE id = ?`,
  instances: `SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid, outcome
    FROM commitment_request_instances WHERE request_id = ?`,
} as const;

/** Requests that are over are remembered, so that a transaction UID is not used twice; so many of them. */
const REQUESTS_KEPT = 10_000;

export function createSqliteCommitmentRequests(store: Store): CommitmentRequests {
  return {
    async add(uid, callingAeTitle, references, now_ms) {
      const [added] = await store.write([
        {
          sql: `INSERT INTO commitment_requests (transaction_uid, calling_ae_title, state, since_ms, due_ms)
            VALUES (?, ?, 'asking', ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
          params: [uid, callingAeTitle, now_ms, now_ms],
        },
        {
          sql: `INSERT OR IGNORE INTO commitment_request_instances (request_id, sop_instance_uid, sop_class_uid)
            SELECT commitment_requests.id, value ->> 'sopInstanceUid', value ->> 'sopClassUid'
            FROM commitment_requests, json_each(?)
            WHERE transaction_uid = ? AND calling_ae_title = ? AND since_ms = ? AND state = 'asking'`,
          params: [JSON.stringify(references), uid, callingAeTitle, now_ms],
        },
      ]);
      return (added?.rows.length ?? 0) > 0;
    },
    due: (now_ms, limit) => store.all<CommitmentRequestRow>(commitmentRequestSql.due, now_ms, limit),
    nextDue_ms: () => store.get<{ due: number | null }>(commitmentRequestSql.next)?.due ?? undefined,
    open: () => store.get<{ n: number }>(commitmentRequestSql.open)?.n ?? 0,
    get: (requestId) => store.get<CommitmentRequestRow>(commitmentRequestSql.get, requestId),
    instances: (requestId) => store.all<RequestedInstance>(commitmentRequestSql.instances, requestId),
    noted: (requestId, outcomes, { state, due_ms }) => [
      {
        sql: `UPDATE commitment_request_instances SET outcome = told.value ->> 'outcome'
          FROM json_each(?) AS told WHERE request_id = ? AND sop_instance_uid = told.value ->> 'sopInstanceUid'`,
        params: [JSON.stringify(outcomes), requestId],
      },
      {
        sql: `UPDATE commitment_requests SET state = ?, due_ms = ?, attempts = CASE ? WHEN 'decided' THEN 0 ELSE attempts + 1 END
          WHERE id = ? AND state = 'asking'`,
        params: [state, Math.round(due_ms), state, requestId],
      },
    ],
    async later(requestId, due_ms) {
      await store.write([
        {
          sql: 'UPDATE commitment_requests SET due_ms = ?, attempts = attempts + 1 WHERE id = ?',
          params: [Math.round(due_ms), requestId],
        },
      ]);
    },
    async end(requestId, state) {
      await store.write([
        { sql: 'UPDATE commitment_requests SET state = ? WHERE id = ?', params: [state, requestId] },
        { sql: 'DELETE FROM commitment_request_instances WHERE request_id = ?', params: [requestId] },
        {
          sql: `DELETE FROM commitment_requests WHERE id <= ? AND state IN ('answered', 'given-up')`,
          params: [requestId - REQUESTS_KEPT],
        },
      ]);
    },
  };
}
