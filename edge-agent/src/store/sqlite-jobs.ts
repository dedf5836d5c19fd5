import type { ResultObject } from '@collimator/shared/contracts/agent-config';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { Evidence, SourceInstance } from '../study/result/result-context.ts';
import type { FailureClass, Job, JobState } from '../study/queue/job-state.ts';
import { instanceIsRejected } from './rejected-images.ts';
import { jobIsHeld } from './sqlite-holds.ts';

/** A job with its key. */
export type JobRow = {
  readonly jobId: number;
  readonly seriesId: number;
  readonly seriesThrough: number;
  readonly releaseName: string;
  readonly releaseVersion: string;
  readonly releaseSha256: string;
  readonly slices: number;
  /** Names of the routes that its results are for; null for a job older than names of routes. */
  readonly routes: readonly string[] | null;
  readonly job: Job;
};

/** What lies among the results: what routes ask for, and rejection notes of ours that withdraw it (KOS). */
export type StoredObject = ResultObject | 'KOS';

/** A result on disk; `path` is relative to the data folder. */
export type StoredResult = {
  readonly object: StoredObject;
  /** Which one of its kind, where a job has several; 1 when not given. */
  readonly ordinal?: number;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly path: string;
  readonly sha256: string;
  readonly destinations: readonly string[];
};

export type Measured = { readonly maskVoxels: number; readonly volume_mL: number };

export type Jobs = {
  /** The job that is next, of those that these releases can run and whose study is not held. */
  next(releaseSha256s: readonly string[], now_ms: number): JobRow | undefined;
  /** When a queued job that waits after a failure may start; undefined when none waits. */
  nextDue_ms(now_ms: number): number | undefined;
  get(jobId: number): JobRow | undefined;
  running(): JobRow[];
  queuedFor(releaseName: string, otherThanSha256: string, limit: number): JobRow[];
  /** Paths of the images of a job, relative to the data folder. */
  images(row: JobRow): string[];
  /**
   * The same images as a report refers to them; of a series that mixes patients only those of the patient whom the image
   * at `path` names: no report may point at somebody else's.
   */
  sources(row: JobRow, path: string): SourceInstance[];
  /** Jobs that had fewer images of the same series for the same release: this one supersedes what they made. */
  earlier(row: JobRow): number[];
  /** The newest report that a destination has of those jobs, or of one that had the same images and failed. */
  predecessors(row: JobRow): Evidence[];
  /** Moves a job on; rejects with `store-conflict` when it is no longer what `row` says. */
  move(row: JobRow, to: Job, now_ms: number): Promise<void>;
  /** Gives a queued job to another version of its release. */
  retarget(row: JobRow, version: string, sha256: string, routes: readonly string[]): Promise<void>;
  /** Results, their deliveries and the last state of the job, in one write. `to` is inferred, or failed with a status report. */
  finish(
    row: JobRow,
    to: Job,
    results: readonly StoredResult[],
    measured: Measured | undefined,
    now_ms: number,
  ): Promise<void>;
  /** Gives a failed job the report that says so, when it has none. */
  failedWithoutReport(limit: number): JobRow[];
  counts(): { readonly queued: number; readonly running: number };
};

const columns = `id AS jobId, series_id AS seriesId, series_through AS seriesThrough, release_name AS releaseName,
  release_version AS releaseVersion, release_sha256 AS releaseSha256, slices, routes, state, starts, attempts, interruptions,
  not_before_ms AS notBefore_ms, failure_class AS failureClass, failure_code AS code, failure_detail AS detail`;

export const jobSql = {
  next: `SELECT ${columns} FROM jobs WHERE state = 'queued' AND not_before_ms <= ?
    AND release_sha256 IN (SELECT value FROM json_each(?)) AND NOT ${jobIsHeld} ORDER BY priority, id LIMIT 1`,
  nextDue: `SELECT min(not_before_ms) AS due FROM jobs WHERE state = 'queued' AND not_before_ms > ?`,
  get: `SELECT ${columns} FROM jobs WHERE id = ?`,
  running: `SELECT ${columns} FROM jobs WHERE state = 'running'`,
  queuedFor: `SELECT ${columns} FROM jobs WHERE state = 'queued' AND release_name = ? AND release_sha256 <> ? LIMIT ?`,
  images: `SELECT path FROM instances WHERE series_id = ? AND id <= ? AND own = 0 AND NOT ${instanceIsRejected} ORDER BY id`,
  sources: `SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid,
      study_instance_uid AS studyInstanceUid, series_instance_uid AS seriesInstanceUid, modality
    FROM instances JOIN series ON series.id = series_id JOIN studies ON studies.id = study_id
    WHERE series_id = ? AND instances.id <= ? AND own = 0 AND NOT ${instanceIsRejected} AND patient_key =
      (SELECT patient_key FROM instances WHERE series_id = ? AND path = ? AND own = 0) ORDER BY instances.id`,
  predecessors: `SELECT sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid,
      series_instance_uid AS seriesInstanceUid
    FROM jobs JOIN results ON results.job_id = jobs.id
    WHERE series_id = ? AND release_name = ? AND series_through <= ? AND jobs.id < ?
      AND rejected_ms IS NULL AND state <> 'superseded' AND object = 'SR'
      AND series_instance_uid <> ''
      AND EXISTS (SELECT 1 FROM deliveries WHERE result_id = results.id AND may_have = 1)
    ORDER BY series_through DESC, jobs.id DESC LIMIT 1`,
  earlier: `SELECT id FROM jobs WHERE series_id = ? AND release_name = ? AND series_through < ? AND state = 'inferred'
    AND rejected_ms IS NULL`,
  queued: `SELECT count(*) AS n FROM jobs WHERE state = 'queued'`,
  runningCount: `SELECT count(*) AS n FROM jobs WHERE state = 'running'`,
  unreported: `SELECT ${columns} FROM jobs WHERE state = 'failed' AND reported = 0 LIMIT ?`,
} as const;

type Raw = Omit<JobRow, 'job' | 'routes'> & {
  readonly routes: string | null;
  readonly state: JobState;
  readonly starts: number;
  readonly attempts: number;
  readonly interruptions: number;
  readonly notBefore_ms: number;
  readonly failureClass: FailureClass | null;
  readonly code: string | null;
  readonly detail: string | null;
};

function revive(raw: Raw): JobRow {
  const { state, starts, attempts, interruptions, notBefore_ms, failureClass, code, detail, routes, ...key } = raw;
  const failure = failureClass === null ? undefined : { class: failureClass, code: code ?? '', detail: detail ?? '' };
  const job: Job = { state, starts, attempts, interruptions, notBefore_ms, ...(failure !== undefined && { failure }) };
  return { ...key, routes: routes === null ? null : (JSON.parse(routes) as string[]), job };
}

export function createSqliteJobs(store: Store): Jobs {
  const count = (sql: string): number => store.get<{ n: number }>(sql)?.n ?? 0;
  return {
    next(releaseSha256s, now_ms) {
      const raw = store.get<Raw>(jobSql.next, now_ms, JSON.stringify(releaseSha256s));
      return raw === undefined ? undefined : revive(raw);
    },
    nextDue_ms: (now_ms) => store.get<{ due: number | null }>(jobSql.nextDue, now_ms)?.due ?? undefined,
    get(jobId) {
      const raw = store.get<Raw>(jobSql.get, jobId);
      return raw === undefined ? undefined : revive(raw);
    },
    running: () => store.all<Raw>(jobSql.running).map(revive),
    queuedFor: (name, otherThan, limit) => store.all<Raw>(jobSql.queuedFor, name, otherThan, limit).map(revive),
    images: (row) =>
      store.all<{ path: string }>(jobSql.images, row.seriesId, row.seriesThrough).map(({ path }) => path),
    sources: (row, path) =>
      store.all<SourceInstance>(jobSql.sources, row.seriesId, row.seriesThrough, row.seriesId, path),
    earlier: ({ seriesId, releaseName, seriesThrough }) =>
      store.all<{ id: number }>(jobSql.earlier, seriesId, releaseName, seriesThrough).map(({ id }) => id),
    predecessors: ({ seriesId, releaseName, seriesThrough, jobId }) =>
      store.all<Evidence>(jobSql.predecessors, seriesId, releaseName, seriesThrough, jobId),
    async move(row, to, now_ms) {
      await store.write([moveStatement(row, to, now_ms)]);
    },
    async retarget(row, version, sha256, routes) {
      await store.write([
        {
          sql: `UPDATE jobs SET release_version = ?, release_sha256 = ?, routes = ? WHERE id = ? AND state = 'queued'`,
          params: [version, sha256, JSON.stringify(routes), row.jobId],
        },
      ]);
    },
    async finish(row, to, results, measured, now_ms) {
      await store.write([
        ...(row.job === to ? [] : [moveStatement(row, to, now_ms)]),
        {
          sql: 'UPDATE jobs SET mask_voxels = ?, volume_ml = ?, reported = 1 WHERE id = ? AND reported = 0',
          params: [measured?.maskVoxels ?? null, measured?.volume_mL ?? null, row.jobId],
          expectChanges: 1,
        },
        ...results.flatMap((result) => resultStatements(row.jobId, result, now_ms)),
      ]);
    },
    failedWithoutReport: (limit) => store.all<Raw>(jobSql.unreported, limit).map(revive),
    counts: () => ({ queued: count(jobSql.queued), running: count(jobSql.runningCount) }),
  };
}

function moveStatement(row: JobRow, to: Job, now_ms: number): Statement {
  const ended = to.state === 'queued' || to.state === 'running' ? null : now_ms;
  return {
    sql: `UPDATE jobs SET state = ?, starts = ?, attempts = ?, interruptions = ?, not_before_ms = ?,
        failure_class = ?, failure_code = ?, failure_detail = ?,
        started_ms = CASE WHEN ? = 'running' THEN ? ELSE started_ms END, ended_ms = ?
      WHERE id = ? AND state = ? AND starts = ?`,
    params: [
      to.state,
      to.starts,
      to.attempts,
      to.interruptions,
      Math.round(to.notBefore_ms),
      to.failure?.class ?? null,
      to.failure?.code ?? null,
      to.failure?.detail ?? null,
      to.state,
      now_ms,
      ended,
      row.jobId,
      row.job.state,
      row.job.starts,
    ],
    expectChanges: 1,
  };
}

/** Part of a write: a result with its deliveries. */
export function resultStatements(jobId: number, result: StoredResult, now_ms: number): Statement[] {
  const {
    object,
    ordinal = 1,
    sopClassUid,
    sopInstanceUid,
    seriesInstanceUid,
    transferSyntaxUid,
    path,
    sha256,
  } = result;
  return [
    {
      sql: `INSERT INTO results (job_id, object, ordinal, sop_class_uid, sop_instance_uid, series_instance_uid,
          transfer_syntax_uid, path, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      params: [jobId, object, ordinal, sopClassUid, sopInstanceUid, seriesInstanceUid, transferSyntaxUid, path, sha256],
      expectChanges: 1,
    },
    ...result.destinations.map((destination) => ({
      sql: `INSERT INTO deliveries (result_id, destination, state, made_ms, due_ms)
        SELECT id, ?, 'pending', ?, ? FROM results WHERE sop_instance_uid = ?`,
      params: [destination, now_ms, now_ms, sopInstanceUid],
      expectChanges: 1,
    })),
  ];
}
