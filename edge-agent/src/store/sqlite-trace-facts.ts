import type { Store } from '@collimator/shared/sqlite/store';

/** What the database knows of a revision, a job and a delivery, for traces. Times are milliseconds since 1970. */
export type RevisionFacts = {
  readonly revisionId: number;
  readonly study: number;
  readonly number: number;
  readonly firstReceived_ms: number;
  readonly lastReceived_ms: number;
  readonly completed_ms: number;
};

export type JobFacts = {
  readonly jobId: number;
  readonly revisionId: number;
  readonly release: string;
  readonly version: string;
  readonly queued_ms: number;
  /** Of the latest attempt. */
  readonly started_ms: number | null;
  readonly starts: number;
  readonly ended_ms: number | null;
  /** Why it failed, or was set aside. */
  readonly code: string | null;
};

export type DeliveryFacts = {
  readonly deliveryId: number;
  readonly jobId: number;
  readonly revisionId: number;
  readonly object: string;
  readonly destination: string;
  readonly attempts: number;
  readonly made_ms: number;
  readonly sent_ms: number | null;
};

const jobColumns = `id AS jobId, revision_id AS revisionId, release_name AS release, release_version AS version,
  queued_ms, started_ms, starts, ended_ms,
  CASE state WHEN 'failed' THEN failure_code WHEN 'superseded' THEN 'job-superseded' END AS code`;

const deliveryColumns = `d.id AS deliveryId, r.job_id AS jobId, jobs.revision_id AS revisionId, r.object, d.destination,
  d.attempts, d.made_ms, d.sent_ms`;

export const traceFactSql = {
  revision: `SELECT id AS revisionId, study_id AS study, number, first_received_ms AS firstReceived_ms,
      last_received_ms AS lastReceived_ms, completed_ms FROM study_revisions WHERE id = ?`,
  job: `SELECT ${jobColumns} FROM jobs WHERE id = ?`,
  jobs: `SELECT ${jobColumns} FROM jobs WHERE revision_id = ?`,
  delivery: `SELECT ${deliveryColumns} FROM deliveries d JOIN results r ON r.id = d.result_id
    JOIN jobs ON jobs.id = r.job_id WHERE d.id = ?`,
  deliveries: `SELECT ${deliveryColumns} FROM jobs JOIN results r ON r.job_id = jobs.id
    JOIN deliveries d ON d.result_id = r.id WHERE jobs.revision_id = ?`,
  waits: 'SELECT 1 AS found FROM revision_waits WHERE revision_id = ? LIMIT 1',
  jobUnderWay: `SELECT 1 AS found FROM jobs WHERE revision_id = ? AND (state IN ('queued', 'running')
    OR (state = 'failed' AND reported = 0)) LIMIT 1`,
  deliveryUnderWay: `SELECT 1 AS found FROM jobs JOIN results r ON r.job_id = jobs.id
    JOIN deliveries d ON d.result_id = r.id WHERE jobs.revision_id = ? AND d.state = 'pending' LIMIT 1`,
} as const;

export type TraceFacts = {
  revision(id: number): RevisionFacts | undefined;
  job(id: number): JobFacts | undefined;
  delivery(id: number): DeliveryFacts | undefined;
  /** Of a revision. */
  jobs(revisionId: number): readonly JobFacts[];
  deliveries(revisionId: number): readonly DeliveryFacts[];
  /** Whether nothing of a revision is under way any more. */
  isDone(revisionId: number): boolean;
};

export function createTraceFacts(store: Pick<Store, 'get' | 'all'>): TraceFacts {
  return {
    revision: (id) => store.get<RevisionFacts>(traceFactSql.revision, id),
    job: (id) => store.get<JobFacts>(traceFactSql.job, id),
    delivery: (id) => store.get<DeliveryFacts>(traceFactSql.delivery, id),
    jobs: (id) => store.all<JobFacts>(traceFactSql.jobs, id),
    deliveries: (id) => store.all<DeliveryFacts>(traceFactSql.deliveries, id),
    isDone: (id) =>
      [traceFactSql.waits, traceFactSql.jobUnderWay, traceFactSql.deliveryUnderWay].every(
        (sql) => store.get(sql, id) === undefined,
      ),
  };
}
