import type { Statement } from '@collimator/shared/sqlite/store';

/** True for a row of `instances` that is rejected; in a query whose table is called so. */
export const instanceIsRejected = `EXISTS (SELECT 1 FROM rejected_instances
  WHERE rejected_instances.sop_instance_uid = instances.sop_instance_uid AND mark = 'rejected')`;

/** Rejected images that are here, of the series that `where` picks. */
const gone = (where: string): string => `SELECT count(*) AS images, max(max(gone.id), max(note_instance_id)) AS through,
    coalesce(sum(gone.id > note_instance_id), 0) AS cameAfter
  FROM series JOIN instances AS gone ON gone.series_id = series.id AND gone.own = 0
    JOIN rejected_instances ON rejected_instances.sop_instance_uid = gone.sop_instance_uid AND mark = 'rejected'
  WHERE ${where}`;

/**
 * True for a row of `studies` whose rejected images may still be replaced: fewer images came since than were rejected.
 * Where images came after the note that names them, nobody can tell which of the others are their corrections.
 */
export const awaitsCorrection = `(SELECT cameAfter > 0 OR images > (SELECT count(*)
    FROM series AS theirs JOIN instances ON instances.series_id = theirs.id AND own = 0 AND instances.id > since.through
    WHERE theirs.study_id = studies.id AND NOT ${instanceIsRejected})
  FROM (${gone('series.study_id = studies.id')}) AS since)`;

export const rejectedSql = {
  ofSeries: gone('series.id = ?'),
  since: `SELECT count(*) AS images FROM instances WHERE series_id = ? AND own = 0 AND id > ? AND NOT ${instanceIsRejected}`,
} as const;

/** Of those a note has just rejected: series from which some images are left. */
const remains = `SELECT series.id FROM rejected_instances
    JOIN instances AS gone ON gone.sop_instance_uid = rejected_instances.sop_instance_uid AND gone.own = 0
    JOIN series ON series.id = gone.series_id
  WHERE rejected_instances.sop_instance_uid IN (SELECT value FROM json_each(:these)) AND note_instance_id = :note
    AND mark = 'rejected' AND EXISTS (SELECT 1 FROM instances WHERE series_id = series.id AND own = 0
      AND NOT ${instanceIsRejected})`;

/**
 * Part of the write that rejects images: a study with a series of which some are left is looked at again after a quiet
 * time, so that its outcome is told also when nothing else comes.
 */
export const reopenRemains = (note: number, these: string, now_ms: number): Statement[] => [
  {
    sql: `UPDATE series SET last_received_ms = :now, taken_through = min(taken_through, last_instance_id - 1)
      WHERE last_instance_id > 0 AND id IN (${remains})`,
    params: { now: now_ms, note, these },
  },
  {
    sql: `UPDATE studies SET last_received_ms = :now,
        open_since_ms = CASE WHEN last_instance_id > taken_through THEN open_since_ms ELSE :now END,
        taken_through = min(taken_through, last_instance_id - 1)
      WHERE last_instance_id > 0 AND id IN (SELECT study_id FROM series WHERE id IN (${remains}))`,
    params: { now: now_ms, note, these },
  },
];

/** Most rows that are forgotten at a time. */
const FORGET_MOST = 10_000;

/** Forgets, oldest first, what was noted before a time or is beyond a number; never what is here. */
export const forgetRejected = (before_ms: number, entriesMax: number): Statement => ({
  sql: `DELETE FROM rejected_instances WHERE sop_instance_uid IN (
      SELECT sop_instance_uid FROM rejected_instances WHERE NOT EXISTS
        (SELECT 1 FROM instances WHERE instances.sop_instance_uid = rejected_instances.sop_instance_uid)
        AND noted_ms < :before
      ORDER BY noted_ms LIMIT :most)
    OR sop_instance_uid IN (
      SELECT sop_instance_uid FROM rejected_instances WHERE NOT EXISTS
        (SELECT 1 FROM instances WHERE instances.sop_instance_uid = rejected_instances.sop_instance_uid)
      ORDER BY noted_ms LIMIT max(0, min(:most, (SELECT count(*) FROM rejected_instances) - :entriesMax)))`,
  params: { before: before_ms, entriesMax, most: FORGET_MOST },
});
