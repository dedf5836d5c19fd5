import { sopClasses } from '@collimator/shared/dicom/uids';
import { isCoded } from '@collimator/shared/errors/coded-error';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { orientationOf } from '../study/assemble/route/orientation.ts';
import type { IndexOutcome, InstanceIndex } from '../study/receive/instance-index.ts';
import type { InstanceHeader } from '../study/receive/header/instance-header.ts';
import { isOwnObject } from '../study/receive/header/own-objects.ts';
import type { PatientIdentity } from '../study/receive/header/patient-key.ts';
import type { StoredInstances } from '../study/receive/disk/stored-instances.ts';
import { releaseEntry } from './sqlite-quarantine.ts';
import { keepPath } from './sqlite-removals.ts';
import { type StoredRow, supersedeInstance } from './supersede-instance.ts';

export type InstanceIndexDeps = {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** See `patientKey`; its secret is bound already. */
  readonly patientKey: (patient: PatientIdentity) => string;
  /** Called after an instance is on disk; `own` when it is a result of ours that came back. */
  readonly onStored: (instanceId: number, own: boolean) => void;
};

export const instanceSql = {
  known: 'SELECT sha256, own, path FROM instances WHERE sop_instance_uid = ?',
  stored: `SELECT instances.id AS instanceId, sha256, path, series_id AS seriesId, study_id AS studyId,
      patient_key AS patientKey
    FROM instances JOIN series ON series.id = series_id WHERE sop_instance_uid = ?`,
} as const;

const isOursSql = `SELECT 1 AS found FROM results WHERE sop_instance_uid = ?
  UNION ALL SELECT 1 FROM own_objects WHERE sop_instance_uid = ?`;

/** The list of instances in the appliance's database; studies and series come into being with their first image. */
export function createSqliteInstanceIndex(deps: InstanceIndexDeps): InstanceIndex & StoredInstances {
  const { store } = deps;
  const known = (sopInstanceUid: string, sha256: string): IndexOutcome | undefined => {
    const row = store.get<{ sha256: string; own: number }>(instanceSql.known, sopInstanceUid);
    if (row === undefined) return undefined;
    if (row.sha256 === sha256) return 'duplicate';
    return row.own === 1 ? 'conflict-of-own' : 'conflict';
  };
  const isOwn = (header: InstanceHeader): boolean =>
    isOwnObject(header, (uid) => store.get(isOursSql, uid, uid) !== undefined);
  const statements = (header: InstanceHeader, path: string, own: boolean): Statement[] =>
    recordStatements(header, deps.patientKey(header.patient), path, own, deps.now());
  return {
    async record(header, path) {
      const before = known(header.sopInstanceUid, header.dataSetSha256);
      if (before !== undefined) return before;
      const own = isOwn(header);
      try {
        const results = await store.write(statements(header, path, own));
        deps.onStored(Number(results[2]?.rows[0]?.['instanceId']), own);
        return 'stored';
      } catch (error) {
        // The same instance on two associations at once: the other one was first.
        const after = isCoded(error, 'store-conflict') ? known(header.sopInstanceUid, header.dataSetSha256) : undefined;
        if (after === undefined) throw error;
        return after;
      }
    },
    sha256Of: (sopInstanceUid) => store.get<{ sha256: string }>(instanceSql.known, sopInstanceUid)?.sha256,
    pathOf: (sopInstanceUid) => store.get<{ path: string }>(instanceSql.known, sopInstanceUid)?.path,
    async replace(header, path, quarantined) {
      const old = store.get<StoredRow>(instanceSql.stored, header.sopInstanceUid);
      const own = isOwn(header);
      const entry = quarantined === undefined ? undefined : releaseEntry(store, quarantined, deps.now());
      const results = await store.write([
        ...(entry?.statements ?? []),
        ...(old === undefined ? [] : supersedeInstance(old, deps.patientKey(header.patient), deps.now())),
        ...statements(header, path, own),
      ]);
      const stored = results.flatMap(({ rows }) => rows).find((row) => 'instanceId' in row);
      deps.onStored(Number(stored?.['instanceId']), own);
      return [...(old === undefined ? [] : [old.path]), ...(entry?.paths ?? [])];
    },
  };
}

/** Looks before it inserts: an upsert would use up an id each time. There is one writer, so nothing comes in between. */
function recordStatements(
  header: InstanceHeader,
  patientKey: string,
  path: string,
  own: boolean,
  now: number,
): Statement[] {
  const study = header.studyInstanceUid;
  const series = header.seriesInstanceUid;
  const uid = header.sopInstanceUid;
  const keyObject = !own && header.sopClassUid === sopClasses.keyObjectSelection;
  return [
    {
      sql: `INSERT INTO studies (study_instance_uid, open_since_ms, last_received_ms) SELECT :study, :now, :now
        WHERE NOT EXISTS (SELECT 1 FROM studies WHERE study_instance_uid = :study)`,
      params: { study, now },
    },
    {
      sql: `INSERT INTO series (study_id, series_instance_uid, modality, body_part, description)
        SELECT id, :series, :modality, :bodyPart, :description FROM studies WHERE study_instance_uid = :study
        AND NOT EXISTS (SELECT 1 FROM series WHERE study_id = studies.id AND series_instance_uid = :series)`,
      params: {
        study,
        series,
        modality: header.modality ?? '',
        bodyPart: header.bodyPart ?? '',
        description: header.seriesDescription ?? '',
      },
    },
    {
      sql: `INSERT INTO instances (series_id, sop_instance_uid, sop_class_uid, orientation, slice_thickness_mm, frames,
          calling_ae_title, own, path, sha256, patient_key, received_ms)
        SELECT series.id, :uid, :sopClass, :orientation, :thickness_mm, :frames, :source, :own, :path, :sha256,
          :patientKey, :now
        FROM series JOIN studies ON studies.id = series.study_id
        WHERE studies.study_instance_uid = :study AND series.series_instance_uid = :series
        RETURNING id AS instanceId`,
      params: {
        study,
        series,
        uid,
        sopClass: header.sopClassUid,
        orientation: orientationOf(header.imageOrientation ?? undefined) ?? '',
        thickness_mm: header.sliceThickness_mm,
        frames: Math.max(1, Math.trunc(header.numberOfFrames ?? 1)),
        source: header.callingAeTitle,
        own: own ? 1 : keyObject ? 2 : 0,
        path,
        sha256: header.dataSetSha256,
        patientKey,
        now,
      },
      expectChanges: 1,
    },
    // The path may be that of an instance which is gone and whose file is still to be deleted.
    keepPath(path),
    ...(keyObject ? [unreadKeyObject(uid)] : []),
    // A result that comes back, or a document about images, opens no study and does not keep one open.
    ...(own || keyObject ? [] : [touchStudy(study, uid, now), touchSeries(uid, now)]),
  ];
}

const unreadKeyObject = (uid: string): Statement => ({
  sql: `INSERT INTO key_objects (instance_id, state) SELECT id, 'unread' FROM instances WHERE sop_instance_uid = ?`,
  params: [uid],
  expectChanges: 1,
});

const touchSeries = (uid: string, now: number): Statement => ({
  sql: `UPDATE series SET last_received_ms = :now, last_instance_id = instances.id
    FROM instances WHERE instances.sop_instance_uid = :uid AND series.id = instances.series_id`,
  params: { uid, now },
  expectChanges: 1,
});

const touchStudy = (study: string, uid: string, now: number): Statement => ({
  sql: `UPDATE studies SET last_received_ms = :now,
      open_since_ms = CASE WHEN last_instance_id > taken_through THEN open_since_ms ELSE :now END,
      last_instance_id = (SELECT id FROM instances WHERE sop_instance_uid = :uid)
    WHERE study_instance_uid = :study`,
  params: { study, uid, now },
  expectChanges: 1,
});

/** To be called when the secret of the keys is new. Images without a key are not compared; their headers still are. */
export async function forgetPatientKeys(store: Store): Promise<void> {
  await store.write([{ sql: `UPDATE instances SET patient_key = '' WHERE patient_key <> ''` }]);
}
