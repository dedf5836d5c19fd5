import type { Store } from '@collimator/shared/sqlite/store';
import type { Hold } from '../study/hold.ts';
import { holdSql } from './sqlite-holds.ts';

/** One line of the appliance's study list: internal ids, times and states; nothing of the patient. */
export type StudyLine = {
  readonly study: number;
  readonly revision: number;
  readonly images: number;
  /** Images that came too late and were left out. */
  readonly late_ignored: number;
  readonly last_received_ms: number;
  readonly state:
    | 'held'
    | 'receiving'
    | 'waiting'
    | 'queued'
    | 'running'
    | 'inferred'
    | 'failed'
    | 'superseded'
    /** Its source has rejected images that it was made of. */
    | 'rejected'
    | 'not-selected'
    /** Here only because it was fetched as a prior. */
    | 'prior';
  readonly release: string | null;
  readonly version: string | null;
  readonly failure: string | null;
  /** What holds it, oldest first; its state is `held` while there is any. */
  readonly holds: readonly Hold[];
  readonly deliveries_pending: number;
  readonly deliveries_sent: number;
  readonly deliveries_failed: number;
  readonly deliveries_withdrawn: number;
};

export type Quantiles = { readonly count: number; readonly p50: number; readonly p95: number; readonly max: number };

/** Of jobs: the newest, but one that was taken up only to be withdrawn when there is no other. */
export const newestJob = 'coalesce(max(CASE WHEN series_through > 0 THEN jobs.id END), max(jobs.id))';

export const studyListSql = {
  recent: `SELECT id FROM studies ORDER BY last_received_ms DESC LIMIT ?`,
  study: `SELECT studies.id AS study, last_received_ms, late_ignored, last_instance_id > taken_through AS isOpen,
      (SELECT count(*) FROM series JOIN instances ON instances.series_id = series.id AND instances.own = 0
        WHERE series.study_id = studies.id) AS images,
      (SELECT count(*) FROM series JOIN instances ON instances.series_id = series.id AND instances.own = 3
        WHERE series.study_id = studies.id) AS fetched
    FROM studies WHERE id = ?`,
  revision: `SELECT id, number FROM study_revisions WHERE study_id = ? ORDER BY number DESC LIMIT 1`,
  waits: 'SELECT count(*) AS n FROM revision_waits WHERE revision_id = ?',
  job: `SELECT id, CASE WHEN rejected_ms IS NULL THEN state ELSE 'rejected' END AS state, release_name AS release, release_version AS version, failure_code AS failure
    FROM jobs WHERE id =
      (SELECT ${newestJob} FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id WHERE study_id = ?)`,
  deliveries: `SELECT d.state, count(*) AS n FROM results r JOIN deliveries d ON d.result_id = r.id
    WHERE r.job_id = ? GROUP BY d.state`,
  latencies: `SELECT delivered_ms - first_received_ms AS first_ms, delivered_ms - last_received_ms AS last_ms
    FROM jobs JOIN study_revisions ON study_revisions.id = revision_id
    WHERE delivered_ms IS NOT NULL AND state = 'inferred' ORDER BY delivered_ms DESC LIMIT ?`,
} as const;

export type StudyList = {
  recent(limit: number): StudyLine[];
  one(study: number): StudyLine | undefined;
  /** From first and last image to every result delivered, over the last studies. */
  latencies(over: number): { readonly first_image_to_result: Quantiles; readonly last_image_to_result: Quantiles };
};

export function createSqliteStudyList(store: Store): StudyList {
  function line(id: number): StudyLine[] {
    const study = store.get<{
      study: number;
      last_received_ms: number;
      late_ignored: number;
      isOpen: number;
      images: number;
      fetched: number;
    }>(studyListSql.study, id);
    if (study === undefined) return [];
    const { isOpen, fetched, ...received } = study;
    const isPrior = received.images === 0 && fetched > 0;
    const facts = isPrior ? { ...received, images: fetched } : received;
    const revision = store.get<{ id: number; number: number }>(studyListSql.revision, id);
    const job =
      revision === undefined
        ? undefined
        : store.get<{ id: number; state: StudyLine['state'] } & Pick<StudyLine, 'release' | 'version' | 'failure'>>(
            studyListSql.job,
            id,
          );
    const holds = store.all<Hold>(holdSql.of, id);
    const took = job?.failure === 'study-unmatched' ? undefined : job;
    const deliveries =
      job === undefined ? [] : store.all<{ state: string; n: number }>(studyListSql.deliveries, job.id);
    const count = (state: string): number => deliveries.find((one) => one.state === state)?.n ?? 0;
    const waits = revision === undefined ? 0 : (store.get<{ n: number }>(studyListSql.waits, revision.id)?.n ?? 0);
    return [
      {
        ...facts,
        revision: revision?.number ?? 0,
        state:
          holds.length > 0
            ? 'held'
            : isOpen === 1
              ? 'receiving'
              : (took?.state ?? (waits > 0 ? 'waiting' : isPrior ? 'prior' : 'not-selected')),
        holds,
        release: job?.release ?? null,
        version: job?.version ?? null,
        failure: job?.failure ?? null,
        deliveries_pending: count('pending'),
        deliveries_sent: count('sent'),
        deliveries_failed: count('failed'),
        deliveries_withdrawn: count('withdrawn'),
      },
    ];
  }
  return {
    recent: (limit) => store.all<{ id: number }>(studyListSql.recent, limit).flatMap(({ id }) => line(id)),
    one: (study) => line(study)[0],
    latencies(over) {
      const rows = store.all<{ first_ms: number; last_ms: number }>(studyListSql.latencies, over);
      return {
        first_image_to_result: quantiles(rows.map(({ first_ms }) => first_ms)),
        last_image_to_result: quantiles(rows.map(({ last_ms }) => last_ms)),
      };
    },
  };
}

/** Nearest-rank quantiles; zeros where there is nothing. */
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (q: number): number => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}
