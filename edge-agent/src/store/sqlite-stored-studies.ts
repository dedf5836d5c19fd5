import type { Store } from '@collimator/shared/sqlite/store';
import { placeOf } from '../study/receive/disk/instance-path.ts';

/** A study and its folder below `studies/`. */
export type StudyFolder = { readonly studyId: number; readonly studyInstanceUid: string; readonly folder: string };

export type StoredStudies = {
  /** Studies behind `after`. */
  folders(after: number, limit: number): readonly StudyFolder[];
  /** The files that the index has of a study, relative to the data folder; only those that came before a time. */
  paths(studyId: number, before_ms: number): readonly string[];
  isToBeRemoved(path: string): boolean;
};

export const storedStudySql = {
  studies: 'SELECT id AS studyId, study_instance_uid AS uid FROM studies WHERE id > ? ORDER BY id LIMIT ?',
  paths: `SELECT path FROM series JOIN instances ON instances.series_id = series.id
    WHERE study_id = ? AND received_ms < ?`,
  toBeRemoved: 'SELECT 1 AS found FROM removals WHERE path = ?',
} as const;

export function createSqliteStoredStudies(store: Store): StoredStudies {
  return {
    folders: (after, limit) =>
      store.all<{ studyId: number; uid: string }>(storedStudySql.studies, after, limit).map(({ studyId, uid }) => ({
        studyId,
        studyInstanceUid: uid,
        folder: placeOf({ studyInstanceUid: uid, seriesInstanceUid: '', sopInstanceUid: '' }).study,
      })),
    paths: (studyId, before_ms) =>
      store.all<{ path: string }>(storedStudySql.paths, studyId, before_ms).map(({ path }) => path),
    isToBeRemoved: (path) => store.get(storedStudySql.toBeRemoved, path) !== undefined,
  };
}
