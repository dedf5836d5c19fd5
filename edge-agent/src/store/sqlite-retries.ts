import type { Store } from '@collimator/shared/sqlite/store';
import { jobRan } from './sqlite-studies.ts';

/** What was taken up again. */
export type Retried = { readonly deliveries: number; readonly commitments: number; readonly jobs: number };

/** Failed jobs of a study that no later job of the same series and model has replaced; what never ran is none. */
const retryable = `state = 'failed' AND rejected_ms IS NULL AND revision_id IN (SELECT id FROM study_revisions WHERE study_id = :study)
  AND ${jobRan}
  AND NOT EXISTS (SELECT 1 FROM jobs AS later WHERE later.series_id = jobs.series_id
    AND later.release_name = jobs.release_name AND later.id > jobs.id)`;

/** What was made of images that were rejected or replaced is never sent again; the notes that take it back are. */
const resultsOfStudy = `SELECT results.id FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
  JOIN results ON results.job_id = jobs.id WHERE study_id = ?
  AND (object = 'KOS' OR (rejected_ms IS NULL AND jobs.state <> 'superseded'))`;

/**
 * Takes up again what had failed for good in a study, all in one write: deliveries, storage commitments and jobs. A
 * failed job has told its failure to the PACS, so it runs again as a new revision of the study with the same images,
 * whose report supersedes that one. Undefined when there is no such study.
 */
export async function retryStudy(store: Store, studyId: number, now_ms: number): Promise<Retried | undefined> {
  if (store.get('SELECT 1 FROM studies WHERE id = ?', studyId) === undefined) return undefined;
  const [deliveries, commitments, , jobs] = await store.write([
    {
      sql: `UPDATE deliveries SET state = 'pending', due_ms = ?, attempts = 0
        WHERE state = 'failed' AND result_id IN (${resultsOfStudy})`,
      params: [now_ms, studyId],
    },
    {
      sql: `UPDATE deliveries SET commitment = 'wanted', commitment_due_ms = ?, commitment_requests = 0, resends = 0
        WHERE commitment = 'failed' AND state = 'sent' AND result_id IN (${resultsOfStudy})`,
      params: [now_ms, studyId],
    },
    {
      sql: `INSERT INTO study_revisions
          (study_id, number, through_instance_id, first_received_ms, last_received_ms, completed_ms)
        SELECT study_id, number + 1, through_instance_id, first_received_ms, last_received_ms, :now
        FROM study_revisions WHERE study_id = :study AND EXISTS (SELECT 1 FROM jobs WHERE ${retryable})
        ORDER BY number DESC LIMIT 1`,
      params: { study: studyId, now: now_ms },
    },
    {
      sql: `INSERT INTO jobs (revision_id, series_id, series_through, release_name, release_version, release_sha256,
          priority, slices, routes, state, queued_ms)
        SELECT (SELECT id FROM study_revisions WHERE study_id = :study ORDER BY number DESC LIMIT 1), series_id,
          series_through, release_name, release_version, release_sha256, priority, slices, routes, 'queued', :now
        FROM jobs WHERE ${retryable}`,
      params: { study: studyId, now: now_ms },
    },
  ]);
  return {
    deliveries: deliveries?.changes ?? 0,
    commitments: commitments?.changes ?? 0,
    jobs: jobs?.changes ?? 0,
  };
}

/** Gives the queued jobs of a study another class; undefined when there is no such study. */
export async function prioritizeStudy(store: Store, studyId: number, priority: number): Promise<number | undefined> {
  if (store.get('SELECT 1 FROM studies WHERE id = ?', studyId) === undefined) return undefined;
  const [jobs] = await store.write([
    {
      sql: `UPDATE jobs SET priority = ? WHERE state = 'queued'
        AND revision_id IN (SELECT id FROM study_revisions WHERE study_id = ?)`,
      params: [priority, studyId],
    },
  ]);
  return jobs?.changes ?? 0;
}
