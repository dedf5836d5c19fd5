import type { Statement } from '@collimator/shared/sqlite/store';
import { noteRemoval } from './sqlite-removals.ts';

/** An instance in the index, with where it belongs. */
export type StoredRow = {
  readonly instanceId: number;
  readonly sha256: string;
  readonly path: string;
  readonly seriesId: number;
  readonly studyId: number;
  readonly patientKey: string;
};

/** Rejected for Patient Safety Reasons (PS3.16 CID 7010). */
const PATIENT_SAFETY = '113037';

/**
 * Part of the write that puts another image in the place of this one, wherever that one belongs. Whatever was made of
 * the series is void: its jobs are superseded in every state, what was not sent of their results never is, what may be
 * at a destination is taken back with a note of ours, and the study gets a new revision whatever its late images are
 * worth. When the new image names another patient, this goes for all that was made of the study.
 *
 * @param patientKey of the new image
 */
export function supersedeInstance(old: StoredRow, patientKey: string, now_ms: number): Statement[] {
  const { instanceId, sha256, seriesId, studyId, path } = old;
  const isSamePatient = patientKey === old.patientKey;
  const [voidSeries, key] = isSamePatient ? ['?', seriesId] : ['SELECT id FROM series WHERE study_id = ?', studyId];
  return [
    {
      sql: 'DELETE FROM instances WHERE id = ? AND sha256 = ?',
      params: [instanceId, sha256],
      expectChanges: 1,
    },
    noteRemoval(path),
    {
      sql: `UPDATE deliveries SET state = 'withdrawn', withdrawn_for = 'superseded' WHERE state = 'pending' AND result_id IN
        (SELECT results.id FROM results JOIN jobs ON jobs.id = job_id WHERE series_id IN (${voidSeries}) AND object <> 'KOS')`,
      params: [key],
    },
    {
      sql: `UPDATE jobs SET state = 'superseded', reported = 1, ended_ms = coalesce(ended_ms, :now),
          rejected_ms = coalesce(rejected_ms, :now), rejected_title = coalesce(rejected_title, :title)
        WHERE series_id IN (${voidSeries.replace('?', ':key')}) AND state <> 'superseded'`,
      params: { now: now_ms, key, title: isSamePatient ? null : PATIENT_SAFETY },
    },
    // A revision that waits for a release would run without this image.
    {
      sql: `DELETE FROM revision_waits WHERE revision_id IN (SELECT id FROM study_revisions WHERE study_id = ?)`,
      params: [studyId],
    },
    {
      sql: `UPDATE series SET last_received_ms = ?, taken_through = min(taken_through, last_instance_id - 1)
        WHERE id = ? AND last_instance_id > 0`,
      params: [now_ms, seriesId],
    },
    // Also a study that only lost an image is completed anew, after a quiet time: its correction may still be coming.
    {
      sql: `UPDATE studies SET reopened = 1, last_received_ms = ?, open_since_ms =
          CASE WHEN last_instance_id > taken_through THEN open_since_ms ELSE ? END,
          taken_through = min(taken_through, last_instance_id - 1) WHERE id = ? AND last_instance_id > 0`,
      params: [now_ms, now_ms, studyId],
    },
  ];
}
