import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { OpenSeries, OpenStudy } from '../study/assemble/complete/completion.ts';
import type { JobPlan, PlannedJob } from '../study/assemble/route/plan-jobs.ts';
import type { UnmatchedStudy } from '../study/assemble/route/plan-unmatched.ts';
import type { RefusedJob } from '../study/assemble/route/refuse-unsound.ts';
import type { SeriesFacts } from '../study/assemble/route/select-series.ts';
import { awaitsCorrection, instanceIsRejected, rejectedSql } from './rejected-images.ts';
import { studyIsHeld } from './sqlite-holds.ts';

/** A complete study that waits for a release of some name. */
export type WaitingRevision = {
  readonly revisionId: number;
  readonly studyId: number;
  /** The one series of an early revision; null for the whole study. */
  readonly seriesId: number | null;
  readonly through: number;
};

/** A job that is over when it is made: only its report is still to come. */
export type EndedJob = UnmatchedStudy | RefusedJob;

export type Studies = {
  /** Studies with images that no revision has, longest quiet first; those that are held are left out. */
  open(limit: number): OpenStudy[];
  /** Open studies that are complete because a sender with a rule is done. */
  released(limit: number): OpenStudy[];
  /** Series with images that neither they nor their study have taken in, longest quiet first. */
  openSeries(limit: number): OpenSeries[];
  /**
   * Takes in one series for routes that do not wait for its study; one durable write. Resolves with the id of its
   * revision, or undefined where nothing is to be done and nothing waits.
   */
  completeSeries(series: OpenSeries, plan: JobPlan, now_ms: number): Promise<number | undefined>;
  /** Leaves out what came late of a series; resolves with how many images that were. */
  ignoreLateSeries(series: OpenSeries): Promise<number>;
  /** The series of a study as far as image `through`, objects of our own left out. */
  series(studyId: number, through: number): SeriesFacts[];
  /** One series as far as image `through`. */
  oneSeries(seriesId: number, through: number): SeriesFacts;
  /** Whether these very images of a series have had a job of this release name; that nothing was taken is no job. */
  hasJob(series: SeriesFacts, releaseName: string): boolean;
  /** Whether any images of a series have had one. */
  hasAnyJob(series: SeriesFacts, releaseName: string): boolean;
  /** Whether these very images were refused under this code already, and that was said. */
  wasRefused(job: RefusedJob): boolean;
  /**
   * Marks a study complete, makes its jobs, notes what waits, what is refused and which routes are to say that they took
   * nothing: one durable write. Resolves with the revision's id; rejects with `store-conflict` when the study was held
   * in the meantime.
   */
  complete(
    study: OpenStudy,
    number: number,
    series: readonly SeriesFacts[],
    plan: JobPlan,
    ended: readonly EndedJob[],
    now_ms: number,
  ): Promise<number>;
  /** Leaves out what came late; resolves with how many images that were. */
  ignoreLate(study: OpenStudy): Promise<number>;
  waiting(releaseName: string, limit: number): WaitingRevision[];
  /** Makes the jobs of a revision that waited; once. */
  takeUp(
    revisionId: number,
    releaseName: string,
    plan: JobPlan,
    ended: readonly EndedJob[],
    now_ms: number,
  ): Promise<void>;
};

const factColumns = `SELECT series.id AS seriesId, modality, body_part AS bodyPart, description, sum(frames) AS slices,
      max(instances.id) AS through, json_group_array(DISTINCT sop_class_uid) AS sopClassUids,
      json_group_array(DISTINCT patient_key) AS patientKeys,
      (SELECT count(*) FROM series AS others WHERE others.series_instance_uid = series.series_instance_uid AND EXISTS
        (SELECT 1 FROM instances AS theirs WHERE theirs.series_id = others.id AND theirs.own = 0)) AS studies,
      json_group_array(DISTINCT orientation) AS orientations, json_group_array(DISTINCT calling_ae_title) AS sources,
      min(slice_thickness_mm) AS thinnest_mm, max(slice_thickness_mm) AS thickest_mm,
      count(*) > count(slice_thickness_mm) AS thicknessMissing, count(*) AS images,
      (SELECT count(*) FROM instances AS gone JOIN rejected_instances ON rejected_instances.sop_instance_uid =
        gone.sop_instance_uid AND mark = 'rejected' WHERE gone.series_id = series.id AND gone.own = 0) AS rejected`;

const lastRevision = 'coalesce((SELECT max(number) FROM study_revisions WHERE study_id = studies.id), 0)';
const openColumns = `studies.id AS studyId, study_instance_uid AS studyInstanceUid, open_since_ms AS firstReceived_ms,
      last_received_ms AS lastReceived_ms, last_instance_id AS lastInstanceId,
      coalesce(verdict = 'suffices' AND through >= last_instance_id, 0) AS released,
      ${lastRevision} AS revision, EXISTS
        (SELECT 1 FROM study_revisions WHERE study_id = studies.id AND series_id IS NULL AND reopened = 0) AS late`;

/** True for a row of `jobs` that ran or is to run: not one that was over when it was made. */
export const jobRan = `coalesce(failure_code, '') NOT IN
  ('study-unmatched', 'study-patients-mixed', 'series-in-two-studies', 'series-partly-rejected')`;

export const studySql = {
  open: `SELECT ${openColumns} FROM studies LEFT JOIN study_releases ON study_releases.study_id = studies.id
    WHERE last_instance_id > taken_through AND NOT ${studyIsHeld} ORDER BY last_received_ms LIMIT ?`,
  released: `SELECT ${openColumns} FROM study_releases JOIN studies ON studies.id = study_releases.study_id
    WHERE verdict = 'suffices' AND last_instance_id > taken_through AND through >= last_instance_id
      AND NOT ${studyIsHeld} ORDER BY released_ms LIMIT ?`,
  openSeries: `SELECT series.id AS seriesId, series_instance_uid AS seriesInstanceUid, study_id AS studyId,
      study_instance_uid AS studyInstanceUid, series.last_received_ms AS lastReceived_ms,
      open_since_ms AS firstReceived_ms, series.last_instance_id AS lastInstanceId,
      ${lastRevision} AS revision, series.taken_through > 0 AND reopened = 0 AS late,
      whole_through >= series.last_instance_id AS released
    FROM series JOIN studies ON studies.id = study_id
    WHERE series.last_instance_id > series.taken_through AND NOT ${studyIsHeld} ORDER BY series.last_received_ms LIMIT ?`,
  series: `${factColumns}
    FROM series JOIN instances ON instances.series_id = series.id AND instances.own = 0 AND instances.id <= ?
      AND NOT ${instanceIsRejected}
    WHERE series.study_id = ? GROUP BY series.id ORDER BY series.id`,
  oneSeries: `${factColumns}
    FROM series JOIN instances ON instances.series_id = series.id AND instances.own = 0 AND instances.id <= ?
      AND NOT ${instanceIsRejected}
    WHERE series.id = ? GROUP BY series.id`,
  lastRevision: 'SELECT coalesce(max(number), 0) AS last FROM study_revisions WHERE study_id = ?',
  hasJob: `SELECT 1 AS found FROM jobs WHERE series_id = ? AND release_name = ? AND series_through = ?
    AND state <> 'superseded' AND rejected_ms IS NULL
    AND ${jobRan} LIMIT 1`,
  hasAnyJob: `SELECT 1 AS found FROM jobs WHERE series_id = ? AND release_name = ?
    AND state <> 'superseded' AND rejected_ms IS NULL
    AND ${jobRan} LIMIT 1`,
  wasRefused: `SELECT 1 AS found FROM jobs WHERE series_id = ? AND release_name = ? AND series_through = ?
    AND failure_code = ? LIMIT 1`,
  waiting: `SELECT revision_id AS revisionId, study_id AS studyId, series_id AS seriesId, through_instance_id AS through
    FROM revision_waits JOIN study_revisions ON study_revisions.id = revision_id JOIN studies ON studies.id = study_id
    WHERE release_name = ? AND NOT ${studyIsHeld} ORDER BY revision_id LIMIT ?`,
} as const;

type Lists = 'sopClassUids' | 'orientations' | 'sources' | 'patientKeys';
type SeriesRow = Omit<SeriesFacts, Lists | 'thicknessMissing' | 'replaced'> &
  Record<Lists, string> & { thicknessMissing: number };

const revive = (row: SeriesRow, replaced: number): SeriesFacts => ({
  ...row,
  sopClassUids: JSON.parse(row.sopClassUids) as string[],
  orientations: JSON.parse(row.orientations) as string[],
  sources: JSON.parse(row.sources) as string[],
  // Images that were indexed before the keys have none: nothing is known, so nothing is said against them.
  patientKeys: (JSON.parse(row.patientKeys) as string[]).filter((key) => key !== ''),
  thicknessMissing: row.thicknessMissing === 1,
  replaced,
});

export function createSqliteStudies(store: Store): Studies {
  /** Images of a series that came in the place of rejected ones, as far as one can tell. */
  function replacedOf({ seriesId, rejected }: SeriesRow): number {
    if (rejected === 0) return 0;
    type Gone = { readonly through: number; readonly cameAfter: number };
    const gone = store.get<Gone>(rejectedSql.ofSeries, seriesId);
    if (gone === undefined || gone.cameAfter > 0) return 0;
    return store.get<{ images: number }>(rejectedSql.since, seriesId, gone.through)?.images ?? 0;
  }
  const factsOf = (row: SeriesRow): SeriesFacts => revive(row, replacedOf(row));

  return {
    open: (limit) => store.all<Raw<OpenStudy>>(studySql.open, limit).map(fromRow),
    released: (limit) => store.all<Raw<OpenStudy>>(studySql.released, limit).map(fromRow),
    openSeries: (limit) => store.all<Raw<OpenSeries>>(studySql.openSeries, limit).map(fromRow),
    async completeSeries(series, plan, now_ms) {
      // Another series of the study may have been taken in since the list was read.
      const number = 1 + (store.get<{ last: number }>(studySql.lastRevision, series.studyId)?.last ?? 0);
      const revision =
        plan.jobs.length + plan.waits.length === 0 ? [] : earlyRevisionStatements(series, number, plan, now_ms);
      const results = await store.write([seriesTakenThrough(series), ...revision]);
      return revision.length === 0 ? undefined : Number(results[1]?.rows[0]?.['id']);
    },
    async ignoreLateSeries(series) {
      const results = await store.write([
        ignoredStatement('instances.series_id = ?', series.seriesId, series),
        seriesTakenThrough(series),
      ]);
      return Number(results[0]?.rows[0]?.['ignored'] ?? 0);
    },
    series: (studyId, through) => store.all<SeriesRow>(studySql.series, through, studyId).map(factsOf),
    oneSeries(seriesId, through) {
      const row = store.get<SeriesRow>(studySql.oneSeries, through, seriesId);
      if (row === undefined) throw new Error(`series ${seriesId} is not in the index`);
      return factsOf(row);
    },
    hasJob: (series, releaseName) =>
      store.get(studySql.hasJob, series.seriesId, releaseName, series.through) !== undefined,
    hasAnyJob: (series, releaseName) => store.get(studySql.hasAnyJob, series.seriesId, releaseName) !== undefined,
    wasRefused: ({ seriesId, releaseName, seriesThrough, code }) =>
      store.get(studySql.wasRefused, seriesId, releaseName, seriesThrough, code) !== undefined,
    async complete(study, number, series, plan, ended, now_ms) {
      const { studyId } = study;
      const results = await store.write([
        {
          sql: `INSERT INTO study_revisions
              (study_id, number, through_instance_id, first_received_ms, last_received_ms, completed_ms, decisions)
            VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
          params: [
            ...[studyId, number, study.lastInstanceId, study.firstReceived_ms, study.lastReceived_ms, now_ms],
            decisionsJson(plan),
          ],
          expectChanges: 1,
        },
        ...takenThrough(study),
        {
          sql: `DELETE FROM revision_waits WHERE revision_id IN
            (SELECT id FROM study_revisions WHERE study_id = ? AND number < ?)`,
          params: [studyId, number],
        },
        ...series.map((one) => ({
          sql: `UPDATE jobs SET state = 'superseded', ended_ms = ?
            WHERE series_id = ? AND series_through < ? AND state = 'queued'`,
          params: [now_ms, one.seriesId, one.through],
        })),
        ...[...plan.jobs, ...ended].map((job) => insertJob(job, { studyId, number }, now_ms)),
        ...plan.waits.map((name) => waitStatement(name, studyId, number)),
      ]);
      return Number(results[0]?.rows[0]?.['id']);
    },
    async ignoreLate(study) {
      const results = await store.write([
        ignoredStatement('series.study_id = ?', study.studyId, study),
        ...takenThrough(study),
      ]);
      return Number(results[0]?.rows[0]?.['ignored'] ?? 0);
    },
    waiting: (releaseName, limit) => store.all<WaitingRevision>(studySql.waiting, releaseName, limit),
    async takeUp(revisionId, releaseName, plan, ended, now_ms) {
      await store.write([
        {
          sql: 'DELETE FROM revision_waits WHERE release_name = ? AND revision_id = ?',
          params: [releaseName, revisionId],
          expectChanges: 1,
        },
        {
          sql: `UPDATE study_revisions SET decisions = (SELECT json_group_array(json(value)) FROM
            (SELECT value FROM json_each(decisions) UNION ALL SELECT value FROM json_each(?))) WHERE id = ?`,
          params: [decisionsJson(plan), revisionId],
          expectChanges: 1,
        },
        ...[...plan.jobs, ...ended].map((job) => insertJob(job, { revisionId }, now_ms)),
      ]);
    },
  };
}

/** Decisions kept of one revision; a study of a hundred series has room for ten routes. */
const DECISIONS_MAX = 1_000;
const decisionsJson = ({ decisions }: JobPlan): string => JSON.stringify(decisions.slice(0, DECISIONS_MAX));

type Raw<T> = Omit<T, 'late' | 'released'> & { readonly late: number; readonly released: number };
const fromRow = <T extends Raw<unknown>>(
  row: T,
): Omit<T, 'late' | 'released'> & { late: boolean; released: boolean } => ({
  ...row,
  late: row.late === 1,
  released: row.released === 1,
});

/** A study with its series, of which nothing is open any more. */
const takenThrough = (study: OpenStudy): Statement[] => [
  {
    sql: `UPDATE studies SET taken_through = ?, reopened = ${awaitsCorrection} WHERE id = ? AND taken_through < ? AND NOT ${studyIsHeld}`,
    params: [study.lastInstanceId, study.studyId, study.lastInstanceId],
    expectChanges: 1,
  },
  {
    sql: 'UPDATE series SET taken_through = ? WHERE study_id = ? AND taken_through < ?',
    params: [study.lastInstanceId, study.studyId, study.lastInstanceId],
  },
  {
    sql: 'DELETE FROM study_releases WHERE study_id = ? AND through <= ?',
    params: [study.studyId, study.lastInstanceId],
  },
];

const seriesTakenThrough = (series: OpenSeries): Statement => ({
  sql: 'UPDATE series SET taken_through = ? WHERE id = ? AND taken_through < ?',
  params: [series.lastInstanceId, series.seriesId, series.lastInstanceId],
  expectChanges: 1,
});

const ignoredStatement = (which: string, id: number, open: OpenStudy): Statement => ({
  sql: `UPDATE studies SET late_ignored = late_ignored + (SELECT count(*) FROM instances JOIN series ON series.id = series_id
      WHERE ${which} AND own = 0 AND instances.id > max(series.taken_through, studies.taken_through) AND instances.id <= ?)
    WHERE id = ? RETURNING late_ignored AS ignored`,
  params: [id, open.lastInstanceId, open.studyId],
  expectChanges: 1,
});

function earlyRevisionStatements(series: OpenSeries, number: number, plan: JobPlan, now_ms: number): Statement[] {
  const { studyId, seriesId, lastInstanceId } = series;
  return [
    {
      sql: `INSERT INTO study_revisions
          (study_id, number, through_instance_id, first_received_ms, last_received_ms, completed_ms, decisions, series_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
      params: [
        ...[studyId, number, lastInstanceId, series.firstReceived_ms, series.lastReceived_ms, now_ms],
        ...[decisionsJson(plan), seriesId],
      ],
      expectChanges: 1,
    },
    {
      sql: `DELETE FROM revision_waits WHERE revision_id IN
        (SELECT id FROM study_revisions WHERE study_id = ? AND series_id = ? AND number < ?)`,
      params: [studyId, seriesId, number],
    },
    {
      sql: `UPDATE jobs SET state = 'superseded', ended_ms = ?
        WHERE series_id = ? AND series_through < ? AND state = 'queued'`,
      params: [now_ms, seriesId, lastInstanceId],
    },
    ...plan.jobs.map((job) => insertJob(job, { studyId, number }, now_ms)),
    ...plan.waits.map((name) => waitStatement(name, studyId, number)),
  ];
}

const waitStatement = (name: string, studyId: number, number: number): Statement => ({
  sql: `INSERT INTO revision_waits (release_name, revision_id)
    SELECT ?, id FROM study_revisions WHERE study_id = ? AND number = ?`,
  params: [name, studyId, number],
  expectChanges: 1,
});

type RevisionKey = { readonly revisionId: number } | { readonly studyId: number; readonly number: number };

function insertJob(job: PlannedJob | EndedJob, revision: RevisionKey, now_ms: number): Statement {
  const [where, key] =
    'revisionId' in revision
      ? ['id = ?', [revision.revisionId]]
      : ['study_id = ? AND number = ?', [revision.studyId, revision.number]];
  return {
    sql: `INSERT INTO jobs (revision_id, series_id, series_through, release_name, release_version, release_sha256,
        priority, slices, routes, state, failure_class, failure_code, failure_detail, ended_ms, queued_ms)
      SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM study_revisions WHERE ${where}`,
    params: [
      job.seriesId,
      job.seriesThrough,
      job.releaseName,
      job.releaseVersion,
      job.releaseSha256,
      job.priority,
      job.slices,
      JSON.stringify(job.routes),
      ...('code' in job ? ['failed', 'permanent', job.code, job.detail, now_ms] : ['queued', null, null, null, null]),
      now_ms,
      ...key,
    ],
    expectChanges: 1,
  };
}
