import type { ResultObject } from '@collimator/shared/contracts/agent-config';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { Evidence, SourceInstance } from '../study/result/result-context.ts';
import type { Priority } from '../study/queue/schedule/scheduler.ts';
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
  readonly priority: Priority;
  /** Milliseconds since 1970. */
  readonly queued_ms: number;
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
  /**
   * The first jobs of each class, of those that are for these releases and whose study is not held. Each class by itself:
   * however much of a higher one waits, what is overdue in a lower one must be seen.
   *
   * @param limit of one class
   */
  queued(releaseSha256s: readonly string[], now_ms: number, limit: number): JobRow[];
  /** A job as it is now, where it is in the queue and its study is not held. */
  startable(jobId: number): JobRow | undefined;
  /** When a queued job that waits after a failure may start; undefined when none waits. */
  nextDue_ms(now_ms: number): number | undefined;
  get(jobId: number): JobRow | undefined;
  running(): JobRow[];
  /** When its newest attempt began; milliseconds since 1970. */
  startedAt_ms(jobId: number): number | undefined;
  queuedFor(releaseName: string, otherThanSha256: string, limit: number): JobRow[];
  /** Paths of the images of a job, relative to the data folder. */
  images(row: JobRow): string[];
  /**
   * The next so many images of a job after the one with this id: paths relative to the data folder, in the order of their
   * arrival. A series may have thousands, and a read holds up the rest of the program.
   */
  imagesAfter(row: JobRow, id: number, limit: number): readonly { readonly id: number; readonly path: string }[];
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
  release_version AS releaseVersion, release_sha256 AS releaseSha256, slices, priority, queued_ms, routes, state, starts, attempts, interruptions,
  not_before_ms AS notBefore_ms, failure_class AS failureClass, failure_code AS code, failure_detail AS detail`;

export const jobSql = {
  queuedFirst: `SELECT ${columns} FROM jobs WHERE state = 'queued' AND priority = ? AND not_before_ms <= ?
    AND release_sha256 IN (SELECT value FROM json_each(?)) AND NOT ${jobIsHeld} ORDER BY id LIMIT ?`,
  startable: `SELECT ${columns} FROM jobs WHERE id = ? AND state = 'queued' AND NOT ${jobIsHeld}`,
  nextDue: `SELECT min(not_before_ms) AS due FROM jobs WHERE state = 'queued' AND not_before_ms > ?`,
  get: `SELECT ${columns} FROM jobs WHERE id = ?`,
  startedAt: 'SELECT started_ms FROM jobs WHERE id = ?',
  running: `SELECT ${columns} FROM jobs WHERE state = 'running'`,
  queuedFor: `SELECT ${columns} FROM jobs WHERE state = 'queued' AND release_name = ? AND release_sha256 <> ? LIMIT ?`,
  images: `SELECT path FROM instances WHERE series_id = ? AND id <= ? AND own = 0 AND NOT ${instanceIsRejected} ORDER BY id`,
  imagesAfter: `SELECT id, path FROM instances WHERE series_id = ? AND id > ? AND id <= ? AND own = 0
    AND NOT ${instanceIsRejected} ORDER BY id LIMIT ?`,
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

const CLASSES: readonly Priority[] = [0, 1, 2, 3];

export function createSqliteJobs(store: Store): Jobs {
  const count = (sql: string): number => store.get<{ n: number }>(sql)?.n ?? 0;
  return {
    queued: (releaseSha256s, now_ms, limit) =>
      CLASSES.flatMap((priority) =>
        store.all<Raw>(jobSql.queuedFirst, priority, now_ms, JSON.stringify(releaseSha256s), limit).map(revive),
      ),
    startable(jobId) {
      const raw = store.get<Raw>(jobSql.startable, jobId);
      return raw === undefined ? undefined : revive(raw);
    },
    nextDue_ms: (now_ms) => store.get<{ due: number | null }>(jobSql.nextDue, now_ms)?.due ?? undefined,
    get(jobId) {
      const raw = store.get<Raw>(jobSql.get, jobId);
      return raw === undefined ? undefined : revive(raw);
    },
    startedAt_ms: (jobId) => store.get<{ started_ms: number | null }>(jobSql.startedAt, jobId)?.started_ms ?? undefined,
    running: () => store.all<Raw>(jobSql.running).map(revive),
    queuedFor: (name, otherThan, limit) => store.all<Raw>(jobSql.queuedFor, name, otherThan, limit).map(revive),
    images: (row) =>
      store.all<{ path: string }>(jobSql.images, row.seriesId, row.seriesThrough).map(({ path }) => path),
    imagesAfter: (row, id, limit) =>
      store.all<{ id: number; path: string }>(jobSql.imagesAfter, row.seriesId, id, row.seriesThrough, limit),
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

/** Part of a write: the next state of a job; the whole write is undone when it is no longer what `row` says. */
export function moveStatement(row: JobRow, to: Job, now_ms: number): Statement {
  const ended = to.state === 'queued' || to.state === 'running' ? null : now_ms;
  return {
    sql: `UPDATE jobs SET state = ?, starts = ?, attempts = ?, interruptions = ?, not_before_ms = ?,
        failure_class = ?, failure_code = ?, failure_detail = ?,
        started_ms = CASE WHEN ? = 'running' AND state <> 'running' THEN ? ELSE started_ms END, ended_ms = ?
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
