import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { imageDigests, namesOne } from '../study/retain/image-digests.ts';
import { instanceIsRejected } from './rejected-images.ts';
import type { StoredObject } from './sqlite-jobs.ts';
import { keepPath, noteRemoval } from './sqlite-removals.ts';

/** A result that destinations have, or may have. */
export type SentResult = {
  readonly object: StoredObject;
  readonly ordinal: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly destinations: readonly string[];
};

/** A job of a study that is about to be removed, whose results a rejection note may still take back. */
export type SentJob = {
  readonly jobId: number;
  readonly results: readonly SentResult[];
  /** Files of the results, relative to the data folder, one for each. */
  readonly files: readonly string[];
};

/** The same once its patient and study are in a file of their own; path relative to the data folder. */
export type KeptJob = SentJob & { readonly subjectPath: string };

/** How long and how many are kept. */
export type WithdrawableBounds = { readonly keep_ms: number; readonly jobsMax: number };

export type Withdrawable = {
  /** Jobs of a study of which a destination has something, those that were withdrawn left out. */
  ofStudy(studyId: number): SentJob[];
  /** Notes a file that is about to be written; unless the study is let go with it, it is deleted at the next start. */
  about(path: string): Promise<void>;
  /** Forgets what was removed before a time, or is beyond the number; the files that are to be deleted. */
  forget(before_ms: number, jobsMax: number): Promise<readonly string[]>;
  count(): number;
};

type Row = { readonly id: number; readonly images: Buffer };

export const withdrawableSql = {
  sentJobs: `SELECT jobs.id AS jobId FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
    WHERE study_id = ? AND withdrawn_ms IS NULL`,
  sentResults: `SELECT object, ordinal, sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid,
      series_instance_uid AS seriesInstanceUid, path, json_group_array(destination) AS destinations
    FROM results JOIN deliveries ON result_id = results.id AND may_have = 1 AND state <> 'failed'
    WHERE job_id = ? AND object <> 'KOS' GROUP BY results.id`,
  sentImages: `SELECT sop_instance_uid AS uid FROM jobs JOIN instances ON instances.series_id = jobs.series_id
      AND instances.own = 0 AND instances.id <= series_through AND NOT ${instanceIsRejected}
    WHERE jobs.id = ?`,
  withdrawable: `SELECT id, images FROM withdrawable_jobs
    WHERE study_instance_uid IN (SELECT value FROM json_each(?))`,
  withdrawableTooOld:
    'SELECT id, subject_path AS path FROM withdrawable_jobs WHERE removed_ms < ? ORDER BY removed_ms LIMIT ?',
  withdrawableTooMany: `SELECT id, subject_path AS path FROM withdrawable_jobs
    WHERE id <= (SELECT max(id) FROM withdrawable_jobs) - ? ORDER BY id LIMIT ?`,
  withdrawableCount: 'SELECT count(*) AS n FROM withdrawable_jobs INDEXED BY withdrawable_jobs_by_time',
} as const;

/** Jobs that are forgotten at a time. */
const FORGET_MOST = 1_000;

type Result = Omit<SentResult, 'destinations'> & { readonly path: string; readonly destinations: string };

const revive = ({
  object,
  ordinal,
  sopClassUid,
  sopInstanceUid,
  seriesInstanceUid,
  destinations,
}: Result): SentResult => ({
  ...{ object, ordinal, sopClassUid, sopInstanceUid, seriesInstanceUid },
  destinations: JSON.parse(destinations) as string[],
});

export function createSqliteWithdrawable(store: Store): Withdrawable {
  return {
    ofStudy: (studyId) =>
      store.all<{ jobId: number }>(withdrawableSql.sentJobs, studyId).flatMap(({ jobId }): SentJob[] => {
        const rows = store.all<Result>(withdrawableSql.sentResults, jobId);
        return rows.length === 0 ? [] : [{ jobId, results: rows.map(revive), files: rows.map(({ path }) => path) }];
      }),
    async about(path) {
      await store.write([noteRemoval(path)]);
    },
    async forget(before_ms, jobsMax) {
      type Gone = { readonly id: number; readonly path: string };
      const old = store.all<Gone>(withdrawableSql.withdrawableTooOld, before_ms, FORGET_MOST);
      const gone = old.length > 0 ? old : store.all<Gone>(withdrawableSql.withdrawableTooMany, jobsMax, FORGET_MOST);
      if (gone.length === 0) return [];
      const these = JSON.stringify(gone.map(({ id }) => id));
      const [, deleted] = await store.write([
        {
          // Not of what a note has taken up meanwhile.
          sql: `INSERT INTO removals (path) SELECT subject_path FROM withdrawable_jobs
            WHERE id IN (SELECT value FROM json_each(?)) ON CONFLICT DO NOTHING`,
          params: [these],
        },
        {
          sql: `DELETE FROM withdrawable_jobs WHERE id IN (SELECT value FROM json_each(?)) RETURNING subject_path AS path`,
          params: [these],
        },
      ]);
      return (deleted?.rows ?? []).map(({ path }) => String(path));
    },
    count: () => store.get<{ n: number }>(withdrawableSql.withdrawableCount)?.n ?? 0,
  };
}

/** Part of the write that removes a study, before its rows go: what is needed to take back the results of one job. */
export function keepStatements(store: Store, { jobId, results, subjectPath }: KeptJob, now_ms: number): Statement[] {
  const images = store.all<{ uid: string }>(withdrawableSql.sentImages, jobId).map(({ uid }) => uid);
  return [
    keepPath(subjectPath),
    {
      sql: `INSERT INTO withdrawable_jobs (study_instance_uid, images, slices, release_name, release_version,
          release_sha256, priority, results, subject_path, removed_ms)
        SELECT study_instance_uid, ?, slices, release_name, release_version, release_sha256, priority, ?, ?, ?
        FROM jobs JOIN study_revisions ON study_revisions.id = revision_id JOIN studies ON studies.id = study_id
        WHERE jobs.id = ?`,
      params: [imageDigests(images), JSON.stringify(results), subjectPath, now_ms, jobId],
      expectChanges: 1,
    },
  ];
}

/** Jobs of removed studies that had one of these images. */
export const withdrawableOf = (
  store: Store,
  studyInstanceUids: readonly string[],
  references: readonly string[],
): number[] =>
  store
    .all<Row>(withdrawableSql.withdrawable, JSON.stringify(studyInstanceUids))
    .filter(({ images }) => namesOne(images, references))
    .map(({ id }) => id);

const theJob = '(SELECT max(id) FROM jobs)';

/**
 * Part of the write that rejects images: a job of a removed study is a job again, ended and rejected, in the series of the
 * note, with the results that destinations have. What withdraws results then finds it like any other, and it goes with
 * the study of the note. A revision of that series alone: what comes after is not late for it.
 */
export const takeUpStatements = (id: number, note: number, title: string | null, now_ms: number): Statement[] => [
  {
    sql: `INSERT INTO study_revisions (study_id, series_id, number, through_instance_id, first_received_ms,
        last_received_ms, completed_ms)
      SELECT study_id, series.id, 1 + coalesce((SELECT max(number) FROM study_revisions AS theirs
          WHERE theirs.study_id = series.study_id), 0), 0, :now, :now, :now
      FROM instances JOIN series ON series.id = series_id WHERE instances.id = :note`,
    params: { now: now_ms, note },
    expectChanges: 1,
  },
  {
    // Ids grow: the highest is the one that was just given.
    sql: `INSERT INTO jobs (revision_id, series_id, series_through, release_name, release_version, release_sha256,
        priority, state, slices, queued_ms, ended_ms, reported, rejected_ms, rejected_title)
      SELECT study_revisions.id, study_revisions.series_id, 0, release_name, release_version, release_sha256, priority,
        'superseded', slices, :now, :now, 1, :now, :title
      FROM withdrawable_jobs JOIN study_revisions ON study_revisions.id = (SELECT max(id) FROM study_revisions)
      WHERE withdrawable_jobs.id = :id`,
    params: { now: now_ms, title, id },
    expectChanges: 1,
  },
  {
    // Never sent from here, so neither its syntax nor its digest counts.
    sql: `INSERT INTO results (job_id, object, ordinal, sop_class_uid, sop_instance_uid, series_instance_uid,
        transfer_syntax_uid, path, sha256)
      SELECT ${theJob}, json_extract(value, '$.object'), json_extract(value, '$.ordinal'),
        json_extract(value, '$.sopClassUid'), json_extract(value, '$.sopInstanceUid'),
        json_extract(value, '$.seriesInstanceUid'), '', subject_path, ''
      FROM withdrawable_jobs, json_each(withdrawable_jobs.results) WHERE withdrawable_jobs.id = ?`,
    params: [id],
  },
  {
    sql: `INSERT INTO deliveries (result_id, destination, state, may_have, made_ms, due_ms)
      SELECT results.id, destination.value, 'sent', 1, :now, :now
      FROM withdrawable_jobs, json_each(withdrawable_jobs.results) AS result,
        json_each(result.value, '$.destinations') AS destination
        JOIN results ON results.sop_instance_uid = json_extract(result.value, '$.sopInstanceUid')
      WHERE withdrawable_jobs.id = :id`,
    params: { now: now_ms, id },
  },
  { sql: 'DELETE FROM withdrawable_jobs WHERE id = ?', params: [id], expectChanges: 1 },
];
