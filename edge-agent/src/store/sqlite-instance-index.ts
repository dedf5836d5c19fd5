import { sopClasses } from '@collimator/shared/dicom/uids';
import { isCoded } from '@collimator/shared/errors/coded-error';
import type { Statement, StatementResult, Store } from '@collimator/shared/sqlite/store';
import { orientationOf } from '../study/assemble/route/orientation.ts';
import type { IndexOutcome, InstanceIndex } from '../study/receive/instance-index.ts';
import type { InstanceHeader } from '../study/receive/header/instance-header.ts';
import { isOwnObject } from '../study/receive/header/own-objects.ts';
import type { PatientIdentity } from '../study/receive/header/patient-key.ts';
import type { StoredInstances } from '../study/receive/disk/stored-instances.ts';
import { releaseEntry } from './sqlite-quarantine.ts';
import { keepPath, noteRemoval } from './sqlite-removals.ts';
import { type StoredRow, supersedeInstance } from './supersede-instance.ts';

export type InstanceIndexDeps = {
  readonly store: Store;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** See `patientKey`; its secret is bound already. */
  readonly patientKey: (patient: PatientIdentity) => string;
  /** Called after an instance is on disk; `own` when it is a result of ours that came back. */
  readonly onStored: (instanceId: number, own: boolean) => void;
  /** Whether an image comes because we asked for it as a prior; none does when absent. */
  readonly isFetched?: (header: InstanceHeader) => boolean;
  /** Called after an image is on disk that was fetched as a prior. */
  readonly onFetched?: (studyInstanceUid: string) => void;
  /** Called when an image that was fetched as a prior is, from now on, one like any other. */
  readonly onTakenAsNew?: (instanceId: number) => void;
};

/** What an image is in `instances.own`: to be read, a result of ours, a document about images, or fetched as a prior. */
const kinds = { image: 0, own: 1, keyObject: 2, prior: 3 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

export const instanceSql = {
  known: 'SELECT sha256, own, path FROM instances WHERE sop_instance_uid = ?',
  stored: `SELECT instances.id AS instanceId, sha256, path, series_id AS seriesId, study_id AS studyId,
      patient_key AS patientKey, own
    FROM instances JOIN series ON series.id = series_id WHERE sop_instance_uid = ?`,
} as const;

const isOursSql = `SELECT 1 AS found FROM results WHERE sop_instance_uid = ?
  UNION ALL SELECT 1 FROM own_objects WHERE sop_instance_uid = ?`;

/** The list of instances in the appliance's database; studies and series come into being with their first image. */
export function createSqliteInstanceIndex(deps: InstanceIndexDeps): InstanceIndex & StoredInstances {
  const { store } = deps;
  type Known = { readonly sha256: string; readonly own: Kind; readonly path: string };
  const knownOf = (uid: string): Known | undefined => store.get<Known>(instanceSql.known, uid);
  /** @param kind of what arrives */
  const outcomeFor = ({ own, sha256 }: Known, header: InstanceHeader, kind: Kind): IndexOutcome => {
    if (sha256 === header.dataSetSha256) return 'duplicate';
    if (own === kinds.own) return 'conflict-of-own';
    if (kind === kinds.prior) return 'conflict-of-prior';
    return own === kinds.prior ? 'displaces-prior' : 'conflict';
  };
  const kindOf = (header: InstanceHeader): Kind => {
    if (isOwnObject(header, (uid) => store.get(isOursSql, uid, uid) !== undefined)) return kinds.own;
    if (header.sopClassUid === sopClasses.keyObjectSelection) return kinds.keyObject;
    return deps.isFetched?.(header) === true ? kinds.prior : kinds.image;
  };
  const statements = (header: InstanceHeader, path: string, kind: Kind): Statement[] =>
    recordStatements(header, deps.patientKey(header.patient), path, kind, deps.now());
  const told = (header: InstanceHeader, kind: Kind, id: number): void => {
    if (kind === kinds.prior) deps.onFetched?.(header.studyInstanceUid);
    else deps.onStored(id, kind === kinds.own);
  };

  /** The same bytes are sent to be read: the image has come now, whatever it was fetched for before. */
  async function takeAsNew(header: InstanceHeader, path: string, kind: Kind): Promise<void> {
    const results = await store.write([dropFetched(header.sopInstanceUid), ...statements(header, path, kind)]);
    const id = idIn(results);
    deps.onTakenAsNew?.(id);
    told(header, kind, id);
  }

  return {
    async record(header, path) {
      const kind = kindOf(header);
      const before = knownOf(header.sopInstanceUid);
      if (before !== undefined) {
        const outcome = outcomeFor(before, header, kind);
        const isNew = outcome === 'duplicate' && before.own === kinds.prior && kind !== kinds.prior;
        if (isNew) await takeAsNew(header, before.path, kind);
        else if (outcome === 'duplicate' && kind === kinds.prior) deps.onFetched?.(header.studyInstanceUid);
        return outcome;
      }
      try {
        told(header, kind, idIn(await store.write(statements(header, path, kind))));
        return 'stored';
      } catch (error) {
        // The same instance on two associations at once: the other one was first.
        const after = isCoded(error, 'store-conflict') ? knownOf(header.sopInstanceUid) : undefined;
        if (after === undefined) throw error;
        return outcomeFor(after, header, kind);
      }
    },
    sha256Of: (sopInstanceUid) => knownOf(sopInstanceUid)?.sha256,
    pathOf: (sopInstanceUid) => knownOf(sopInstanceUid)?.path,
    async replace(header, path, quarantined) {
      const old = store.get<StoredRow & { readonly own: Kind }>(instanceSql.stored, header.sopInstanceUid);
      const kind = kindOf(header);
      const entry = quarantined === undefined ? undefined : releaseEntry(store, quarantined, deps.now());
      const results = await store.write([
        ...(entry?.statements ?? []),
        ...(old === undefined
          ? []
          : displaced(old, header.sopInstanceUid, deps.patientKey(header.patient), deps.now())),
        ...statements(header, path, kind),
      ]);
      told(header, kind, idIn(results));
      return [...(old === undefined ? [] : [old.path]), ...(entry?.paths ?? [])];
    },
  };
}

const idIn = (results: readonly StatementResult[]): number =>
  Number(results.flatMap(({ rows }) => rows).find((row) => 'instanceId' in row)?.['instanceId']);

/** What was fetched as a prior goes without a trace: nothing was made of it. */
const displaced = (
  old: StoredRow & { readonly own: Kind },
  sopInstanceUid: string,
  patientKey: string,
  now_ms: number,
): Statement[] =>
  old.own === kinds.prior
    ? [dropFetched(sopInstanceUid), noteRemoval(old.path)]
    : supersedeInstance(old, patientKey, now_ms);

const dropFetched = (sopInstanceUid: string): Statement => ({
  sql: `DELETE FROM instances WHERE sop_instance_uid = ? AND own = ${kinds.prior}`,
  params: [sopInstanceUid],
  expectChanges: 1,
});

/** Looks before it inserts: an upsert would use up an id each time. There is one writer, so nothing comes in between. */
function recordStatements(
  header: InstanceHeader,
  patientKey: string,
  path: string,
  kind: Kind,
  now: number,
): Statement[] {
  const study = header.studyInstanceUid;
  const series = header.seriesInstanceUid;
  const uid = header.sopInstanceUid;
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
        own: kind,
        path,
        sha256: header.dataSetSha256,
        patientKey,
        now,
      },
      expectChanges: 1,
    },
    // The path may be that of an instance which is gone and whose file is still to be deleted.
    keepPath(path),
    ...(kind === kinds.keyObject ? [unreadKeyObject(uid)] : []),
    // A result that comes back, a document about images, or a prior opens no study and does not keep one open.
    ...(kind === kinds.image ? [touchStudy(study, uid, now), touchSeries(uid, now)] : []),
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
