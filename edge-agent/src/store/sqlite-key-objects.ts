import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { KeyObject } from '../study/decode/key-object.ts';
import { forgetRejected, reopenRemains } from './rejected-images.ts';
import { listInstances } from './sqlite-source-releases.ts';
import { takeUpStatements, withdrawableOf } from './sqlite-withdrawable.ts';

/** A key object that nobody has read yet; `path` is relative to the data folder, `source` the calling AE title. */
export type UnreadKeyObject = { readonly instanceId: number; readonly path: string; readonly source: string };

export type KeyObjects = {
  /** In the order of their arrival. */
  unread(limit: number): UnreadKeyObject[];
  /** It says nothing that concerns us. */
  read(one: UnreadKeyObject, title: string | undefined): Promise<void>;
  unreadable(one: UnreadKeyObject): Promise<void>;
  /** It lists all of its study: instead of what an earlier one listed. */
  list(one: UnreadKeyObject, title: string | undefined, references: readonly string[]): Promise<void>;
  /** Notes that the time of instances is over. */
  expire(one: UnreadKeyObject, title: string | undefined, references: readonly string[], now_ms: number): Promise<void>;
  /** Forgets what was noted before a time, or is beyond a number, of what is not here; resolves with how much that was. */
  forget(before_ms: number, entriesMax: number): Promise<number>;
  /**
   * Marks instances as rejected, ends the jobs that wait or run with one of them, and notes whose results are to be
   * withdrawn, also those of studies that were removed: one durable write. Resolves with the number of jobs.
   */
  reject(one: UnreadKeyObject, note: KeyObject, now_ms: number): Promise<number>;
};

export const keyObjectSql = {
  unread: `SELECT instance_id AS instanceId, path, calling_ae_title AS source FROM key_objects JOIN instances ON instances.id = instance_id
    WHERE state = 'unread' ORDER BY instance_id LIMIT ?`,
} as const;

export function createSqliteKeyObjects(store: Store): KeyObjects {
  const settle = (one: UnreadKeyObject, state: 'read' | 'unreadable', title: string | undefined): Statement => ({
    sql: `UPDATE key_objects SET state = ?, title = ? WHERE instance_id = ? AND state = 'unread'`,
    params: [state, title ?? null, one.instanceId],
    expectChanges: 1,
  });
  const mark = (
    one: UnreadKeyObject,
    as: 'rejected' | 'expired',
    references: readonly string[],
    now_ms: number,
  ): Statement => ({
    // Once rejected, always rejected: a note about its time says nothing against that.
    sql: `INSERT INTO rejected_instances (sop_instance_uid, mark, note_instance_id, noted_ms)
      SELECT value, :as, :note, :now FROM json_each(:references) WHERE true
      ON CONFLICT (sop_instance_uid) DO UPDATE SET mark = excluded.mark, note_instance_id = excluded.note_instance_id
        WHERE mark = 'expired'`,
    params: { as, note: one.instanceId, now: now_ms, references: JSON.stringify(references) },
  });
  return {
    unread: (limit) => store.all<UnreadKeyObject>(keyObjectSql.unread, limit),
    async read(one, title) {
      await store.write([settle(one, 'read', title)]);
    },
    async unreadable(one) {
      await store.write([settle(one, 'unreadable', undefined)]);
    },
    async list(one, title, references) {
      await store.write([settle(one, 'read', title), ...listInstances(one.instanceId, references)]);
    },
    async forget(before_ms, entriesMax) {
      const [forgotten] = await store.write([forgetRejected(before_ms, entriesMax)]);
      return forgotten?.changes ?? 0;
    },
    async expire(one, title, references, now_ms) {
      await store.write([settle(one, 'read', title), mark(one, 'expired', references, now_ms)]);
    },
    async reject(one, { title, references, studyInstanceUids }, now_ms) {
      const these = JSON.stringify(references);
      const removed = withdrawableOf(store, studyInstanceUids, references);
      const [, , jobs] = await store.write([
        settle(one, 'read', title),
        mark(one, 'rejected', references, now_ms),
        {
          sql: `UPDATE jobs SET rejected_ms = ?, rejected_title = ?,
              ended_ms = CASE WHEN state IN ('queued', 'running') THEN ? ELSE ended_ms END,
              state = CASE WHEN state IN ('queued', 'running') THEN 'superseded' ELSE state END,
              reported = CASE WHEN state = 'failed' THEN 1 ELSE reported END
            WHERE rejected_ms IS NULL AND id IN (SELECT jobs.id FROM json_each(?) AS named
              JOIN rejected_instances ON rejected_instances.sop_instance_uid = named.value
                AND note_instance_id = ? AND mark = 'rejected'
              JOIN instances ON instances.sop_instance_uid = named.value AND own = 0
              JOIN jobs ON jobs.series_id = instances.series_id AND jobs.series_through >= instances.id)`,
          // What an earlier note has rejected is in no later job.
          params: [now_ms, title ?? null, now_ms, these, one.instanceId],
        },
        {
          // What comes after is not late, whatever is done with late images.
          sql: `UPDATE studies SET reopened = 1 WHERE id IN (SELECT study_id FROM json_each(?) AS named
              JOIN instances ON instances.sop_instance_uid = named.value AND own = 0
              JOIN series ON series.id = instances.series_id)`,
          params: [these],
        },
        ...reopenRemains(one.instanceId, these, now_ms),
        ...removed.flatMap((id) => takeUpStatements(id, one.instanceId, title ?? null, now_ms)),
      ]);
      return (jobs?.changes ?? 0) + removed.length;
    },
  };
}
