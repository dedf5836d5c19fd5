import type { ErrorClass } from '@collimator/shared/errors/error-entry';
import type { Store } from '@collimator/shared/sqlite/store';
import { jobIsHeld } from './sqlite-holds.ts';
import type { StoredObject } from './sqlite-jobs.ts';

/** One object for one destination. `path` is relative to the data folder. */
export type DeliveryRow = {
  readonly deliveryId: number;
  readonly jobId: number;
  readonly object: StoredObject;
  readonly destination: string;
  readonly attempts: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly path: string;
  readonly sha256: string;
};

export type Deliveries = {
  /** What is due for a destination, in the order it was made; nothing of a study that is held. */
  due(destination: string, now_ms: number, limit: number): DeliveryRow[];
  nextDue_ms(destination: string): number | undefined;
  sent(row: DeliveryRow, dimseStatus: number, now_ms: number): Promise<void>;
  again(rows: readonly DeliveryRow[], failure: DeliveryFailure, due_ms: (row: DeliveryRow) => number): Promise<void>;
  failed(row: DeliveryRow, failure: DeliveryFailure): Promise<void>;
  pending(): number;
};

export type DeliveryFailure = { readonly class: ErrorClass; readonly detail: string; readonly dimseStatus?: number };

export const deliverySql = {
  due: `SELECT d.id AS deliveryId, r.job_id AS jobId, r.object, d.destination, d.attempts,
      r.sop_class_uid AS sopClassUid, r.sop_instance_uid AS sopInstanceUid,
      r.transfer_syntax_uid AS transferSyntaxUid, r.path, r.sha256
    FROM deliveries d JOIN results r ON r.id = d.result_id JOIN jobs ON jobs.id = r.job_id
    WHERE d.destination = ? AND d.state = 'pending' AND d.due_ms <= ? AND NOT ${jobIsHeld}
    ORDER BY d.due_ms, d.id LIMIT ?`,
  nextDue: `SELECT due_ms AS due FROM deliveries d JOIN results r ON r.id = d.result_id JOIN jobs ON jobs.id = r.job_id
    WHERE d.destination = ? AND d.state = 'pending' AND NOT ${jobIsHeld} ORDER BY due_ms LIMIT 1`,
  pending: `SELECT count(*) AS n FROM deliveries WHERE state = 'pending'`,
} as const;

export function createSqliteDeliveries(store: Store): Deliveries {
  return {
    due: (destination, now_ms, limit) => store.all<DeliveryRow>(deliverySql.due, destination, now_ms, limit),
    nextDue_ms: (destination) => store.get<{ due: number }>(deliverySql.nextDue, destination)?.due,
    async sent(row, dimseStatus, now_ms) {
      await store.write([
        {
          sql: `UPDATE deliveries SET state = 'sent', sent_ms = ?, dimse_status = ?, attempts = attempts + 1,
              failure_class = NULL, failure_detail = NULL WHERE id = ? AND state = 'pending'`,
          params: [now_ms, dimseStatus, row.deliveryId],
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
          sql: `UPDATE deliveries SET attempts = attempts + 1, due_ms = ?, failure_class = ?, failure_detail = ?,
              dimse_status = ? WHERE id = ? AND state = 'pending'`,
          params: [Math.round(due_ms(row)), failure.class, failure.detail, failure.dimseStatus ?? null, row.deliveryId],
          expectChanges: 1,
        })),
      );
    },
    async failed(row, failure) {
      await store.write([
        {
          sql: `UPDATE deliveries SET state = 'failed', attempts = attempts + 1, failure_class = ?, failure_detail = ?,
              dimse_status = ? WHERE id = ? AND state = 'pending'`,
          params: [failure.class, failure.detail, failure.dimseStatus ?? null, row.deliveryId],
          expectChanges: 1,
        },
      ]);
    },
    pending: () => store.get<{ n: number }>(deliverySql.pending)?.n ?? 0,
  };
}
