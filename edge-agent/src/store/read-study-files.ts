import Database from 'better-sqlite3';

/** A file of a study, relative to the data folder, and the name it is given when it is taken out. */
export type StudyFile = { readonly path: string; readonly name: string };

export const studyFileSql = {
  known: 'SELECT 1 AS found FROM studies WHERE id = ?',
  images: `SELECT path, printf('images/%d-%d.dcm', series_id, instances.id) AS name
    FROM series JOIN instances ON instances.series_id = series.id WHERE study_id = ? ORDER BY instances.id`,
  results: `SELECT path, printf('results/%d-%s-%d.dcm', job_id, lower(object), ordinal) AS name
    FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id JOIN results ON results.job_id = jobs.id
    WHERE study_id = ? AND path NOT GLOB 'withdrawable/*' ORDER BY results.id`,
} as const;

/**
 * The files of a study, read from a database that the agent may have open: for a person at the appliance who has the
 * right to read its files. Undefined for a key that no study has.
 */
export function readStudyFiles(file: string, study: number): readonly StudyFile[] | undefined {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    if (database.prepare(studyFileSql.known).get(study) === undefined) return undefined;
    return [studyFileSql.images, studyFileSql.results].flatMap(
      (sql) => database.prepare(sql).all(study) as StudyFile[],
    );
  } finally {
    database.close();
  }
}
