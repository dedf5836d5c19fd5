import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { Hold, HoldKind, NewHold } from '../study/hold.ts';

export type Holds = {
  /** Holds a study; the same kind and cause hold it once. Resolves when it is on the disk. */
  place(studyId: number, hold: NewHold, now_ms: number): Promise<void>;
  /** Releases one hold; false when there was none. The study goes on when it was the last. */
  release(studyId: number, kind: HoldKind, cause: string, now_ms: number): Promise<boolean>;
  /** What holds a study now, oldest first. */
  of(studyId: number): readonly Hold[];
  isHeld(studyId: number): boolean;
  /** Studies that are held now. */
  count(): number;
  /** The same by the kind of hold; a study that several kinds hold counts for each. */
  countByKind(): Readonly<Record<HoldKind, number>>;
};

/** True for a row of `studies` that is held; in a query whose table is called so. */
export const studyIsHeld = 'EXISTS (SELECT 1 FROM holds WHERE holds.study_id = studies.id AND released_ms IS NULL)';

/** True for a row of `jobs` whose study is held. */
export const jobStudyIsHeld = `EXISTS (SELECT 1 FROM study_revisions JOIN holds ON holds.study_id = study_revisions.study_id
  AND released_ms IS NULL WHERE study_revisions.id = jobs.revision_id)`;

/** True for a row of `jobs` that waits for priors. */
const jobAwaitsPriors = `EXISTS (SELECT 1 FROM prior_requests WHERE prior_requests.job_id = jobs.id
  AND prior_requests.state <> 'over')`;

/** True for a row of `jobs` that must not go on: its study is held, or it waits for priors. */
export const jobIsHeld = `(${jobStudyIsHeld} OR ${jobAwaitsPriors})`;

export const holdSql = {
  of: `SELECT id AS holdId, study_id AS studyId, kind, cause, detail, since_ms FROM holds
    WHERE study_id = ? AND released_ms IS NULL ORDER BY id`,
  isHeld: 'SELECT 1 AS found FROM holds WHERE study_id = ? AND released_ms IS NULL LIMIT 1',
  count: 'SELECT count(DISTINCT study_id) AS n FROM holds WHERE released_ms IS NULL',
  countByKind: `SELECT kind, count(DISTINCT study_id) AS n FROM holds WHERE released_ms IS NULL GROUP BY kind`,
} as const;

/** Part of a write that also changes what the hold is about. */
export const placeHold = (studyId: number, { kind, cause, detail }: NewHold, now_ms: number): Statement => ({
  sql: `INSERT INTO holds (study_id, kind, cause, detail, since_ms) SELECT :studyId, :kind, :cause, :detail, :now_ms WHERE NOT EXISTS
    (SELECT 1 FROM holds WHERE study_id = :studyId AND kind = :kind AND cause = :cause AND released_ms IS NULL)`,
  params: { studyId, kind, cause, detail, now_ms },
});

/** The same for the end of a hold. */
export const releaseHold = (studyId: number, kind: HoldKind, cause: string, now_ms: number): Statement => ({
  sql: `UPDATE holds SET released_ms = ? WHERE study_id = ? AND kind = ? AND cause = ? AND released_ms IS NULL`,
  params: [now_ms, studyId, kind, cause],
});

/** The durable holds on studies. Who places or releases one wakes the stages that ask for it. */
export function createSqliteHolds(store: Store): Holds {
  return {
    async place(studyId, hold, now_ms) {
      await store.write([placeHold(studyId, hold, now_ms)]);
    },
    async release(studyId, kind, cause, now_ms) {
      const [released] = await store.write([releaseHold(studyId, kind, cause, now_ms)]);
      return (released?.changes ?? 0) > 0;
    },
    of: (studyId) => store.all<Hold>(holdSql.of, studyId),
    isHeld: (studyId) => store.get(holdSql.isHeld, studyId) !== undefined,
    countByKind() {
      const counts: Record<HoldKind, number> = { conflict: 0, rejection: 0, operator: 0 };
      for (const { kind, n } of store.all<{ kind: HoldKind; n: number }>(holdSql.countByKind)) counts[kind] = n;
      return counts;
    },
    count: () => store.get<{ n: number }>(holdSql.count)?.n ?? 0,
  };
}
