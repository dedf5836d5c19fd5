import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { type KeptJob, keepStatements } from './sqlite-withdrawable.ts';
import type { SettledStudy } from '../study/retain/plan-removal.ts';

export type RemovableStudy = SettledStudy & { readonly studyInstanceUid: string; readonly lastInstanceId: number };

export type Retention = {
  /** The oldest study of which nothing is under way and everything is delivered, those that are named left out. */
  oldestSettled(except: readonly number[]): RemovableStudy | undefined;
  /** The oldest study that is here only because it was fetched as a prior, and that nobody needs any more. */
  oldestPrior(except: readonly number[]): RemovableStudy | undefined;
  /**
   * Takes a study out of the database and notes its files for removal, in one durable write; our own objects stay known.
   * Rejects with `store-conflict` when it is no longer settled.
   *
   * @param kept jobs whose results are to stay withdrawable
   * @returns paths relative to the data folder
   */
  letGo(study: RemovableStudy, kept: readonly KeptJob[], now_ms: number): Promise<readonly string[]>;
};

/** True for a row of `studies` that a job is to get as a prior, or has got and is not done with. */
const isNeededAsPrior = `EXISTS (SELECT 1 FROM prior_uses JOIN jobs ON jobs.id = prior_uses.job_id
  WHERE prior_uses.study_instance_uid = studies.study_instance_uid AND prior_uses.state <> 'refused'
    AND jobs.state IN ('queued', 'running'))`;

/**
 * True for a row of `studies` that has nothing to be done or decided: no image that no revision has, no key object that is unread, no hold, no release
 * that is waited for, no job that may still run or is being withdrawn, no result that is still to be sent or that its destination has not
 * taken, and where storage commitment is asked for, none that is not confirmed. A refusal that was reported is done; what
 * failed for a reason that may pass is kept, so that it can be tried again.
 */
const isSettled = `last_instance_id <= taken_through AND NOT ${isNeededAsPrior}
    AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.study_id = studies.id AND released_ms IS NULL)
    AND NOT EXISTS (SELECT 1 FROM key_objects JOIN instances ON instances.id = instance_id
      JOIN series ON series.id = series_id WHERE key_objects.state = 'unread' AND series.study_id = studies.id)
    AND NOT EXISTS (SELECT 1 FROM study_revisions JOIN revision_waits ON revision_id = study_revisions.id
      WHERE study_revisions.study_id = studies.id)
    AND NOT EXISTS (SELECT 1 FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
      WHERE study_revisions.study_id = studies.id AND (jobs.state IN ('queued', 'running')
        OR (rejected_ms IS NOT NULL AND withdrawn_ms IS NULL)
        OR (jobs.state = 'failed' AND (reported = 0 OR jobs.failure_class <> 'permanent'))))
    AND NOT EXISTS (SELECT 1 FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
        JOIN results ON results.job_id = jobs.id JOIN deliveries ON deliveries.result_id = results.id
      WHERE study_revisions.study_id = studies.id AND (deliveries.state IN ('pending', 'failed')
        OR coalesce(deliveries.commitment, 'committed') <> 'committed'))`;

export const retentionSql = {
  oldest: `SELECT id AS studyId, study_instance_uid AS studyInstanceUid, last_received_ms AS lastReceived_ms,
      last_instance_id AS lastInstanceId
    FROM studies WHERE ${isSettled} AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY last_received_ms LIMIT 1`,
  prior: `SELECT id AS studyId, study_instance_uid AS studyInstanceUid, last_received_ms AS lastReceived_ms,
      last_instance_id AS lastInstanceId
    FROM studies WHERE last_instance_id = 0 AND ${isSettled}
      AND EXISTS (SELECT 1 FROM prior_fetches WHERE prior_fetches.study_instance_uid = studies.study_instance_uid)
      AND NOT EXISTS (SELECT 1 FROM prior_fetches WHERE prior_fetches.study_instance_uid = studies.study_instance_uid
        AND state IN ('waiting', 'moving'))
      AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY last_received_ms LIMIT 1`,
  images: `SELECT path FROM series JOIN instances ON instances.series_id = series.id WHERE study_id = ?`,
  jobs: `SELECT jobs.id AS jobId FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
    WHERE study_id = ?`,
  beside: `SELECT path FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
    JOIN results ON results.job_id = jobs.id
    WHERE study_id = ? AND (object = 'KOS' OR path GLOB 'withdrawable/*') GROUP BY path`,
} as const;

/** Results of removed studies that are still known by their UIDs. */
export const OWN_OBJECTS_MAX = 2_000_000;

const forgetOwn = (ownObjectsMax: number): Statement => ({
  sql: 'DELETE FROM own_objects WHERE number <= (SELECT max(number) FROM own_objects) - ?',
  params: [ownObjectsMax],
});

const jobsOf =
  'SELECT jobs.id FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id WHERE study_id = ?';
const resultsOf = `SELECT id FROM results WHERE job_id IN (${jobsOf})`;

/** Children first: what refers to a row goes before it. */
const deletions: readonly string[] = [
  `INSERT INTO own_objects (sop_instance_uid, number) SELECT sop_instance_uid,
      (SELECT coalesce(max(number), 0) FROM own_objects) + row_number() OVER ()
    FROM results WHERE job_id IN (${jobsOf}) ON CONFLICT DO NOTHING`,
  `INSERT INTO removals (path) SELECT path FROM instances WHERE series_id IN (SELECT id FROM series WHERE study_id = ?)
    ON CONFLICT DO NOTHING`,
  `INSERT INTO removals (path) SELECT 'results/' || jobs.id FROM study_revisions
    JOIN jobs ON jobs.revision_id = study_revisions.id WHERE study_id = ? ON CONFLICT DO NOTHING`,
  `INSERT INTO removals (path) SELECT path FROM results
    WHERE (object = 'KOS' OR path GLOB 'withdrawable/*') AND job_id IN (${jobsOf}) ON CONFLICT DO NOTHING`,
  `DELETE FROM deliveries WHERE result_id IN (${resultsOf})`,
  `DELETE FROM results WHERE job_id IN (${jobsOf})`,
  `DELETE FROM revision_waits WHERE revision_id IN (SELECT id FROM study_revisions WHERE study_id = ?)`,
  `DELETE FROM jobs WHERE revision_id IN (SELECT id FROM study_revisions WHERE study_id = ?)`,
  'DELETE FROM study_revisions WHERE study_id = ?',
  'DELETE FROM study_releases WHERE study_id = ?',
  'DELETE FROM holds WHERE study_id = ?',
  'DELETE FROM instances WHERE series_id IN (SELECT id FROM series WHERE study_id = ?)',
  'DELETE FROM prior_fetches WHERE study_instance_uid = (SELECT study_instance_uid FROM studies WHERE id = ?)',
  'DELETE FROM series WHERE study_id = ?',
  'DELETE FROM studies WHERE id = ?',
];

export function createSqliteRetention(store: Store, ownObjectsMax = OWN_OBJECTS_MAX): Retention {
  return {
    oldestSettled: (except) => store.get<RemovableStudy>(retentionSql.oldest, JSON.stringify(except)),
    oldestPrior: (except) => store.get<RemovableStudy>(retentionSql.prior, JSON.stringify(except)),
    async letGo({ studyId, lastInstanceId }, kept, now_ms) {
      const images = store.all<{ path: string }>(retentionSql.images, studyId).map(({ path }) => path);
      const jobs = store.all<{ jobId: number }>(retentionSql.jobs, studyId).map(({ jobId }) => `results/${jobId}`);
      const beside = store.all<{ path: string }>(retentionSql.beside, studyId).map(({ path }) => path);
      const stillSettled: Statement = {
        sql: `UPDATE studies SET taken_through = taken_through WHERE id = ? AND last_instance_id = ? AND ${isSettled}`,
        params: [studyId, lastInstanceId],
        expectChanges: 1,
      };
      await store.write([
        stillSettled,
        ...kept.flatMap((job) => keepStatements(store, job, now_ms)),
        ...deletions.map((sql) => ({ sql, params: [studyId] })),
        forgetOwn(ownObjectsMax),
      ]);
      return [...images, ...jobs, ...beside];
    },
  };
}
