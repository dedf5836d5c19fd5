import type { Statement, Store } from '@collimator/shared/sqlite/store';

/** A result that was sent and whose storage commitment is to be asked for. */
export type Uncommitted = {
  readonly deliveryId: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly requests: number;
  readonly resends: number;
};

export type OpenTransaction = {
  readonly commitmentId: number;
  readonly destination: string;
  readonly requestId: number | null;
};

/** What becomes of a result whose commitment was asked for. */
export type CommitmentStep =
  | { readonly to: 'committed' }
  | { readonly to: 'failed'; readonly reason: number | null }
  | { readonly to: 'wanted'; readonly due_ms: number; readonly reason: number | null }
  | { readonly to: 'resend'; readonly reason: number; readonly now_ms: number };

export type Commitments = {
  /** Results whose commitment is to be asked for now, oldest first. */
  wanted(destination: string, now_ms: number, limit: number): Uncommitted[];
  nextDue_ms(destination: string): number | undefined;
  /** Notes a transaction and what it is about, before it is asked; resolves with its key. */
  open(destination: string, transactionUid: string, rows: readonly Uncommitted[], due_ms: number): Promise<number>;
  /** The same on behalf of a request that was made to us; an earlier one for it is not waited for any more. */
  openFor(requestId: number, destination: string, transactionUid: string, due_ms: number): Promise<number>;
  /** By its UID, also when its answer is not waited for any more. */
  byUid(transactionUid: string): OpenTransaction | undefined;
  /** Transactions of a destination about results of ours whose answer did not come in time. */
  expired(destination: string, now_ms: number): OpenTransaction[];
  /** Results that are waiting for the answer to this transaction. */
  askedIn(commitmentId: number): Uncommitted[];
  /** Results at a destination whose commitment is open, by SOP Instance UID: for an answer that came late. */
  uncommittedAmong(destination: string, sopInstanceUids: readonly string[]): Uncommitted[];
  /** Ends a transaction, and says what follows for each result, in one write. */
  settle(
    commitmentId: number,
    state: 'answered' | 'over',
    steps: readonly { readonly deliveryId: number; readonly step: CommitmentStep }[],
    more?: readonly Statement[],
  ): Promise<void>;
};

const columns = `d.id AS deliveryId, r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid,
  d.commitment_requests AS requests, d.resends`;

export const commitmentSql = {
  wanted: `SELECT ${columns} FROM deliveries d JOIN results r ON r.id = d.result_id
    WHERE d.destination = ? AND d.commitment_due_ms <= ? AND d.commitment = 'wanted'
    ORDER BY d.commitment_due_ms, d.id LIMIT ?`,
  nextWanted: `SELECT commitment_due_ms AS due FROM deliveries
    WHERE destination = ? AND commitment_due_ms IS NOT NULL AND commitment = 'wanted' ORDER BY commitment_due_ms LIMIT 1`,
  nextExpiry: `SELECT min(due_ms) AS due FROM commitments
    WHERE destination = ? AND state = 'open' AND request_id IS NULL`,
  byUid: `SELECT id AS commitmentId, destination, request_id AS requestId FROM commitments WHERE transaction_uid = ?`,
  expired: `SELECT id AS commitmentId, destination, request_id AS requestId FROM commitments
    WHERE destination = ? AND state = 'open' AND request_id IS NULL AND due_ms <= ? LIMIT 100`,
  askedIn: `SELECT ${columns} FROM deliveries d JOIN results r ON r.id = d.result_id
    WHERE d.commitment_id = ? AND d.commitment = 'asked'`,
  among: `SELECT ${columns} FROM results r JOIN deliveries d ON d.result_id = r.id
    WHERE r.sop_instance_uid IN (SELECT value FROM json_each(?)) AND d.destination = ?
      AND d.commitment IN ('wanted', 'asked', 'failed')`,
} as const;

/** Transactions that are over are kept for late answers, so many of them. */
const TRANSACTIONS_KEPT = 10_000;

export function createSqliteCommitments(store: Store): Commitments {
  const insert = (uid: string, destination: string, requestId: number | null, due_ms: number): Statement => ({
    sql: `INSERT INTO commitments (transaction_uid, destination, request_id, due_ms, state)
      VALUES (?, ?, ?, ?, 'open') RETURNING id`,
    params: [uid, destination, requestId, Math.round(due_ms)],
    expectChanges: 1,
  });

  return {
    wanted: (destination, now_ms, limit) => store.all<Uncommitted>(commitmentSql.wanted, destination, now_ms, limit),
    nextDue_ms(destination) {
      const wanted = store.get<{ due: number }>(commitmentSql.nextWanted, destination)?.due;
      const expiry = store.get<{ due: number | null }>(commitmentSql.nextExpiry, destination)?.due ?? undefined;
      return wanted === undefined ? expiry : Math.min(wanted, expiry ?? wanted);
    },
    async open(destination, transactionUid, rows, due_ms) {
      const [made] = await store.write([
        insert(transactionUid, destination, null, due_ms),
        {
          sql: `UPDATE deliveries SET commitment = 'asked', commitment_due_ms = ?,
              commitment_requests = commitment_requests + 1,
              commitment_id = (SELECT id FROM commitments WHERE transaction_uid = ?)
            WHERE id IN (SELECT value FROM json_each(?)) AND commitment = 'wanted'`,
          params: [Math.round(due_ms), transactionUid, JSON.stringify(rows.map(({ deliveryId }) => deliveryId))],
          expectChanges: rows.length,
        },
      ]);
      return Number(made?.rows[0]?.['id']);
    },
    async openFor(requestId, destination, transactionUid, due_ms) {
      const [, made] = await store.write([
        {
          sql: `UPDATE commitments SET state = 'over' WHERE destination = ? AND state = 'open' AND request_id = ?`,
          params: [destination, requestId],
        },
        insert(transactionUid, destination, requestId, due_ms),
      ]);
      return Number(made?.rows[0]?.['id']);
    },
    byUid: (transactionUid) => store.get<OpenTransaction>(commitmentSql.byUid, transactionUid),
    expired: (destination, now_ms) => store.all<OpenTransaction>(commitmentSql.expired, destination, now_ms),
    askedIn: (commitmentId) => store.all<Uncommitted>(commitmentSql.askedIn, commitmentId),
    uncommittedAmong: (destination, uids) =>
      store.all<Uncommitted>(commitmentSql.among, JSON.stringify(uids), destination),
    async settle(commitmentId, state, steps, more = []) {
      await store.write([
        { sql: 'UPDATE commitments SET state = ? WHERE id = ?', params: [state, commitmentId] },
        {
          sql: `DELETE FROM commitments WHERE id <= ? AND state <> 'open'`,
          params: [commitmentId - TRANSACTIONS_KEPT],
        },
        ...steps.map(({ deliveryId, step }) => stepStatement(deliveryId, step)),
        ...more,
      ]);
    },
  };
}

/** Nothing follows any more for what was withdrawn since it was asked. */
function stepStatement(deliveryId: number, step: CommitmentStep): Statement {
  if (step.to === 'resend') {
    return {
      sql: `UPDATE deliveries SET state = 'pending', due_ms = ?, attempts = 0, resends = resends + 1,
        commitment = NULL, commitment_id = NULL, commitment_due_ms = NULL, commitment_reason = ? WHERE id = ? AND commitment IS NOT NULL`,
      params: [step.now_ms, step.reason, deliveryId],
    };
  }
  const due = step.to === 'wanted' ? Math.round(step.due_ms) : null;
  const reason = step.to === 'committed' ? null : step.reason;
  return {
    sql: `UPDATE deliveries SET commitment = ?, commitment_due_ms = ?, commitment_reason = ?
      WHERE id = ? AND commitment IS NOT NULL`,
    params: [step.to, due, reason, deliveryId],
  };
}
