import type { Store } from '@collimator/shared/sqlite/store';
import { jobIsHeld } from './sqlite-holds.ts';
import type { Answer, DeliveryFailure, DeliveryRow, DestinationBacklog, WithdrawFor } from './delivery-row.ts';

/** What `withdraw` did. */
export type Withdrawn = {
  /** Deliveries that will not be made. */
  readonly withdrawn: number;
  /** Results that a destination has, or may have: these need a word of ours to the destination. */
  readonly arrived: readonly { readonly resultId: number; readonly destination: string }[];
};

export type Deliveries = {
  /** What is due for a destination, in the order it was made; nothing of a study that is held. */
  due(destination: string, now_ms: number, limit: number): DeliveryRow[];
  nextDue_ms(destination: string): number | undefined;
  /** Notes, before the first byte leaves, that the destination may have these; gives those that are still to be sent. */
  begin(rows: readonly DeliveryRow[]): Promise<DeliveryRow[]>;
  /** Whether it is still to be sent: it may have been withdrawn, or its study held, since it was begun. */
  isToBeSent(row: DeliveryRow): boolean;
  /** Takes `begin` back for those of which nothing was sent. */
  notBegun(rows: readonly DeliveryRow[]): Promise<void>;
  /** @param commit_ms when its storage commitment is to be asked for; undefined where none is wanted */
  sent(row: DeliveryRow, answer: Answer, now_ms: number, commit_ms?: number): Promise<void>;
  again(rows: readonly DeliveryRow[], failure: DeliveryFailure, due_ms: (row: DeliveryRow) => number): Promise<void>;
  failed(row: DeliveryRow, failure: DeliveryFailure): Promise<void>;
  pending(): number;

  /** Results of jobs, for `withdraw`. */
  resultsOf(jobIds: readonly number[]): number[];
  /**
   * Results that are not to be sent any more. A destination that has nothing of a superseded job gets nothing of it;
   * one that has a part, or may have it, gets the rest as well, so that no SR is left without the SEG it speaks of.
   * Of what was rejected nothing more is sent. In both cases `arrived` names what needs a word of ours.
   */
  withdraw(resultIds: readonly number[], why: WithdrawFor): Promise<Withdrawn>;
  backlog(): DestinationBacklog[];
};

/** What takes results back is never held up: nobody is to go on reading them meanwhile. */
const resultIsHeld = `(r.object <> 'KOS' AND ${jobIsHeld})`;

export const deliverySql = {
  due: `SELECT d.id AS deliveryId, r.job_id AS jobId, r.object, d.destination, d.attempts, d.may_have AS mayHave,
      r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid,
      r.transfer_syntax_uid AS transferSyntaxUid, r.path, r.sha256
    FROM deliveries d JOIN results r ON r.id = d.result_id JOIN jobs ON jobs.id = r.job_id
    WHERE d.destination = ? AND d.state = 'pending' AND d.due_ms <= ? AND NOT ${resultIsHeld}
    ORDER BY d.due_ms, d.id LIMIT ?`,
  nextDue: `SELECT due_ms AS due FROM deliveries d JOIN results r ON r.id = d.result_id JOIN jobs ON jobs.id = r.job_id
    WHERE d.destination = ? AND d.state = 'pending' AND NOT ${resultIsHeld} ORDER BY due_ms LIMIT 1`,
  isToBeSent: `SELECT 1 AS found FROM deliveries d JOIN results r ON r.id = d.result_id JOIN jobs ON jobs.id = r.job_id
    WHERE d.id = ? AND d.state = 'pending' AND NOT ${resultIsHeld}`,
  pending: `SELECT count(*) AS n FROM deliveries WHERE state = 'pending'`,
  resultsOf: 'SELECT id FROM results WHERE job_id IN (SELECT value FROM json_each(?))',
  arrived: `SELECT result_id AS resultId, destination FROM deliveries
    WHERE result_id IN (SELECT value FROM json_each(?)) AND may_have = 1 AND state <> 'failed'`,
  backlogPending: `SELECT destination, count(*) AS n, min(made_ms) AS oldest FROM deliveries
    WHERE state = 'pending' GROUP BY destination`,
  backlogHeld: `SELECT destination, count(*) AS n FROM deliveries d JOIN results r ON r.id = d.result_id
      JOIN jobs ON jobs.id = r.job_id WHERE d.state = 'pending' AND ${resultIsHeld} GROUP BY destination`,
  backlogFailed: `SELECT destination, count(*) AS n FROM deliveries WHERE state = 'failed' GROUP BY destination`,
  backlogUncommitted: `SELECT destination, count(*) AS n FROM deliveries WHERE commitment_due_ms IS NOT NULL
    GROUP BY destination`,
  backlogNotCommitted: `SELECT destination, count(*) AS n FROM deliveries WHERE commitment = 'failed'
    GROUP BY destination`,
} as const;

/** Nothing of the same job is at the same destination, nor may be. */
const nothingArrived = `NOT EXISTS (SELECT 1 FROM results mine JOIN results other ON other.job_id = mine.job_id
    JOIN deliveries d ON d.result_id = other.id
  WHERE mine.id = deliveries.result_id AND d.destination = deliveries.destination AND d.may_have = 1)`;

const theseResults = 'result_id IN (SELECT value FROM json_each(?))';

export function createSqliteDeliveries(store: Store): Deliveries {
  return {
    due: (destination, now_ms, limit) => store.all<DeliveryRow>(deliverySql.due, destination, now_ms, limit),
    nextDue_ms: (destination) => store.get<{ due: number }>(deliverySql.nextDue, destination)?.due,
    async begin(rows) {
      const [begun] = await store.write([
        {
          sql: `UPDATE deliveries SET may_have = 1 WHERE id IN (SELECT value FROM json_each(?))
            AND state = 'pending' AND NOT EXISTS (SELECT 1 FROM results r JOIN jobs ON jobs.id = r.job_id
              WHERE r.id = deliveries.result_id AND ${resultIsHeld}) RETURNING id`,
          params: [JSON.stringify(rows.map(({ deliveryId }) => deliveryId))],
        },
      ]);
      const ids = new Set(begun?.rows.map((row) => row['id']));
      return rows.filter(({ deliveryId }) => ids.has(deliveryId));
    },
    isToBeSent: (row) => store.get(deliverySql.isToBeSent, row.deliveryId) !== undefined,
    async notBegun(rows) {
      const ids = rows.filter(({ mayHave }) => mayHave === 0).map(({ deliveryId }) => deliveryId);
      if (ids.length === 0) return;
      await store.write([
        {
          sql: `UPDATE deliveries SET may_have = 0 WHERE id IN (SELECT value FROM json_each(?))`,
          params: [JSON.stringify(ids)],
        },
      ]);
    },
    async sent(row, answer, now_ms, commit_ms) {
      await store.write([
        {
          // Also what was withdrawn while it was on its way: the destination has it, and that is what is to be known.
          sql: `UPDATE deliveries SET state = 'sent', sent_ms = ?, dimse_status = ?, error_comment = ?,
              attempts = attempts + 1, failure_class = NULL, failure_code = NULL, failure_detail = NULL,
              commitment = CASE state WHEN 'pending' THEN ? END,
              commitment_due_ms = CASE state WHEN 'pending' THEN ? END WHERE id = ? AND state IN ('pending', 'withdrawn')`,
          params: [
            now_ms,
            answer.status,
            answer.comment ?? null,
            commit_ms === undefined ? null : 'wanted',
            commit_ms ?? null,
            row.deliveryId,
          ],
          expectChanges: 1,
        },
        {
          sql: `UPDATE jobs SET delivered_ms = ? WHERE id = ? AND delivered_ms IS NULL AND NOT EXISTS
            (SELECT 1 FROM results r JOIN deliveries d ON d.result_id = r.id WHERE r.job_id = jobs.id AND d.state <> 'sent')`,
          params: [now_ms, row.jobId],
        },
      ]);
    },
    async again(rows, failure, due_ms) {
      await store.write(
        rows.map((row) => ({
          sql: `UPDATE deliveries SET attempts = attempts + 1, due_ms = ?, failure_class = ?, failure_code = ?,
              failure_detail = ?, dimse_status = ?, error_comment = ?, may_have = ?
            WHERE id = ? AND state IN ('pending', 'withdrawn')`,
          params: [Math.round(due_ms(row)), ...failureColumns(row, failure), row.deliveryId],
          expectChanges: 1,
        })),
      );
    },
    async failed(row, failure) {
      await store.write([
        {
          sql: `UPDATE deliveries SET state = CASE state WHEN 'pending' THEN 'failed' ELSE state END,
              attempts = attempts + 1, failure_class = ?, failure_code = ?, failure_detail = ?, dimse_status = ?,
              error_comment = ?, may_have = ? WHERE id = ? AND state IN ('pending', 'withdrawn')`,
          params: [...failureColumns(row, failure), row.deliveryId],
          expectChanges: 1,
        },
      ]);
    },
    pending: () => store.get<{ n: number }>(deliverySql.pending)?.n ?? 0,

    resultsOf: (jobIds) => store.all<{ id: number }>(deliverySql.resultsOf, JSON.stringify(jobIds)).map(({ id }) => id),
    async withdraw(resultIds, why) {
      const these = JSON.stringify(resultIds);
      const [done] = await store.write(
        why === 'rejected'
          ? [
              {
                // Also what had failed: nobody is to try it again, and a destination may have it all the same.
                sql: `UPDATE deliveries SET state = 'withdrawn', withdrawn_for = 'rejected'
                  WHERE state IN ('pending', 'failed') AND ${theseResults}`,
                params: [these],
              },
              {
                // A destination that does as the note says will not have it: it must not be sent again for that.
                sql: `UPDATE deliveries SET commitment = NULL, commitment_due_ms = NULL WHERE ${theseResults}`,
                params: [these],
              },
            ]
          : [
              {
                sql: `UPDATE deliveries SET state = 'withdrawn', withdrawn_for = 'superseded'
                  WHERE state = 'pending' AND ${theseResults} AND may_have = 0 AND ${nothingArrived}`,
                params: [these],
              },
            ],
      );
      const arrived = store.all<Withdrawn['arrived'][number]>(deliverySql.arrived, these);
      return { withdrawn: done?.changes ?? 0, arrived };
    },
    backlog() {
      type Line = { readonly destination: string; readonly n: number; readonly oldest?: number };
      const by = (sql: string): ReadonlyMap<string, Line> =>
        new Map(store.all<Line>(sql).map((line) => [line.destination, line]));
      const pending = by(deliverySql.backlogPending);
      const held = by(deliverySql.backlogHeld);
      const failed = by(deliverySql.backlogFailed);
      const uncommitted = by(deliverySql.backlogUncommitted);
      const notCommitted = by(deliverySql.backlogNotCommitted);
      const names = new Set([pending, held, failed, uncommitted, notCommitted].flatMap((one) => [...one.keys()]));
      return [...names].map((destination) => ({
        destination,
        pending: (pending.get(destination)?.n ?? 0) - (held.get(destination)?.n ?? 0),
        held: held.get(destination)?.n ?? 0,
        failed: failed.get(destination)?.n ?? 0,
        oldest_ms: pending.get(destination)?.oldest,
        uncommitted: uncommitted.get(destination)?.n ?? 0,
        commitmentFailed: notCommitted.get(destination)?.n ?? 0,
      }));
    },
  };
}

/** Class, code, detail, status, comment, and whether the destination may have it after all. */
const failureColumns = (row: DeliveryRow, failure: DeliveryFailure): (string | number | null)[] => [
  failure.class,
  failure.code,
  failure.detail,
  failure.answer?.status ?? null,
  failure.answer?.comment ?? null,
  failure.class === 'ambiguous' ? 1 : row.mayHave,
];
