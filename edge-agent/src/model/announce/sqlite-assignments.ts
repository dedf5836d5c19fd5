import type { ReleaseRef } from '@collimator/shared/contracts/common';
import type { Assignment, ModelPhase } from '@collimator/shared/contracts/messages';
import type { Refusal } from '@collimator/shared/release/refusal';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { AssignedState } from './plan.ts';

export type StoredAssignment = AssignedState & {
  readonly envelope: Buffer;
  readonly attempts: number;
  readonly code: string | undefined;
  readonly detail: string | undefined;
};

type AssignmentRow = {
  name: string;
  serial: number;
  version: string;
  sha256: string;
  envelope: Buffer;
  phase: ModelPhase;
  reported: number;
  attempts: number;
  retry_at: string | null;
  code: string | null;
  detail: string | null;
};

const columns = 'name, serial, version, sha256, envelope, phase, reported, attempts, retry_at, code, detail';
export const getAssignmentSql = `SELECT ${columns} FROM model_assignments WHERE name = ?`;
const listSql = `SELECT ${columns} FROM model_assignments ORDER BY name`;
// A serial never goes back, even if two writers should ever meet.
const acceptSql = `INSERT INTO model_assignments (name, serial, version, sha256, envelope, phase, reported, attempts)
  VALUES (?, ?, ?, ?, ?, 'announced', 0, 0)
  ON CONFLICT (name) DO UPDATE SET serial = excluded.serial, version = excluded.version, sha256 = excluded.sha256,
    envelope = excluded.envelope, phase = 'announced', reported = 0, attempts = 0, retry_at = NULL, code = NULL, detail = NULL
  WHERE excluded.serial > model_assignments.serial`;
const phaseSql = `UPDATE model_assignments SET phase = ?, reported = 0, code = NULL, detail = NULL, retry_at = NULL
  WHERE name = ? AND serial = ?`;
const putOffSql = `UPDATE model_assignments SET attempts = attempts + 1, retry_at = ?, phase = ?, reported = ?, code = ?, detail = ?
  WHERE name = ? AND serial = ?`;
const reportedSql = 'UPDATE model_assignments SET reported = 1 WHERE name = ? AND serial = ? AND phase = ?';
const retryNowSql = 'UPDATE model_assignments SET retry_at = NULL WHERE retry_at IS NOT NULL';
const retryPostponedSql = `${retryNowSql} AND phase <> 'refused'`;

export type Assignments = ReturnType<typeof sqliteAssignments>;

/** The newest good assignment of each release name, durable. */
export function sqliteAssignments(store: Store) {
  return {
    get(name: string): StoredAssignment | undefined {
      const row = store.get<AssignmentRow>(getAssignmentSql, name);
      return row && fromRow(row);
    },
    list: (): StoredAssignment[] => store.all<AssignmentRow>(listSql).map(fromRow),
    async accept({ serial, release }: Assignment, envelope: Buffer): Promise<void> {
      const params = [release.name, serial, release.version, release.sha256, envelope];
      await store.write([{ sql: acceptSql, params }]);
    },
    phase: (name: string, serial: number, phase: ModelPhase): Statement => ({
      sql: phaseSql,
      params: [phase, name, serial],
    }),
    /** A failed try: refused for good until something new is heard, or put off because something may pass. */
    async putOff(
      { ref, serial, phase }: AssignedState,
      refusal: Refusal,
      retryAt: Date,
      refused: boolean,
    ): Promise<void> {
      const next = refused ? 'refused' : phase;
      const params = [retryAt.toISOString(), next, refused ? 0 : 1, refusal.code, refusal.detail, ref.name, serial];
      await store.write([{ sql: putOffSql, params }]);
    },
    async reported(name: string, serial: number, phase: ModelPhase): Promise<void> {
      await store.write([{ sql: reportedSql, params: [name, serial, phase] }]);
    },
    /** The link is back: what was put off without a verdict may be tried again now. */
    async retryPostponed(): Promise<void> {
      await store.write([{ sql: retryPostponedSql }]);
    },
    /** Something new was heard: whatever was put off may be tried again now. */
    async retryNow(): Promise<void> {
      await store.write([{ sql: retryNowSql }]);
    },
  };
}

const fromRow = (row: AssignmentRow): StoredAssignment => ({
  ref: { name: row.name, version: row.version, sha256: row.sha256 } satisfies ReleaseRef,
  serial: row.serial,
  phase: row.phase,
  reported: row.reported === 1,
  retryAt: row.retry_at === null ? undefined : new Date(row.retry_at),
  envelope: Buffer.from(row.envelope),
  attempts: row.attempts,
  code: row.code ?? undefined,
  detail: row.detail ?? undefined,
});
