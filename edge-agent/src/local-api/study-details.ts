import type { StudySummary } from '@collimator/shared/contracts/local-api';
import type { Store } from '@collimator/shared/sqlite/store';
import type { RouteDecision } from '../study/assemble/route/plan-jobs.ts';
import { summedByRoute } from './study-routing.ts';
import type { StudyLine } from '../store/sqlite-study-list.ts';

export const studyDetailsSql = {
  decisions: 'SELECT decisions FROM study_revisions WHERE study_id = ? AND number = ?',
  jobs: `SELECT jobs.id, release_name AS release, release_version AS version,
      CASE WHEN rejected_ms IS NULL THEN state ELSE 'rejected' END AS state, failure_code AS code
    FROM jobs WHERE id IN (SELECT max(jobs.id) FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
      WHERE study_id = ? GROUP BY jobs.series_id, release_name) ORDER BY jobs.id`,
  priors: `SELECT state, outcome, reason AS code, listed, differing AS other_patient, (SELECT count(DISTINCT study_instance_uid)
      FROM prior_uses WHERE prior_uses.job_id = prior_requests.job_id AND prior_uses.state = 'offered') AS given
    FROM prior_requests WHERE job_id = ?`,
  deliveries: `SELECT destination, object, state, attempts, dimse_status AS status, error_comment AS comment,
      failure_class AS class, failure_code AS code, failure_detail AS detail, due_ms, sent_ms, commitment,
      commitment_reason
    FROM results JOIN deliveries ON deliveries.result_id = results.id WHERE job_id = ? ORDER BY object, destination`,
} as const;

type Job = StudySummary['jobs'][number];
type JobRow = { readonly id: number; readonly code: string | null } & Omit<Job, 'code' | 'priors'>;
type PriorsRow = Omit<NonNullable<Job['priors']>, 'outcome' | 'code'> & {
  readonly outcome: string | null;
  readonly code: string | null;
};
type Delivery = StudySummary['deliveries'][number];
type DeliveryRow = Pick<Delivery, 'destination' | 'object' | 'state' | 'attempts'> & {
  readonly due_ms: number;
  readonly sent_ms: number | null;
  readonly status: number | null;
  readonly comment: string | null;
  readonly class: string | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly commitment: string | null;
  readonly commitment_reason: number | null;
};

/** A line of the study list with the newest job of each series and release, and where their results are. */
export function studySummary(store: Store, line: StudyLine): StudySummary {
  const decided = store.get<{ decisions: string }>(studyDetailsSql.decisions, line.study, line.revision)?.decisions;
  const jobs = store.all<JobRow>(studyDetailsSql.jobs, line.study);
  const deliveries = jobs.flatMap(({ id }) => store.all<DeliveryRow>(studyDetailsSql.deliveries, id));
  return {
    key: String(line.study),
    revision: line.revision,
    state: line.state,
    instances: line.images,
    late_ignored: line.late_ignored,
    holds: line.holds.map(({ kind, cause, detail, since_ms }) => ({
      ...{ kind, cause, detail },
      since: new Date(since_ms).toISOString(),
    })),
    last_instance_at: new Date(line.last_received_ms).toISOString(),
    routes: summedByRoute(JSON.parse(decided ?? '[]') as RouteDecision[]),
    jobs: jobs.map(({ id, release, version, state, code }) => ({
      release,
      version,
      state,
      ...(code !== null && { code }),
      ...priorsOf(store, id),
    })),
    deliveries: deliveries.map(delivery),
  };
}

function priorsOf(store: Store, job: number): Pick<Job, 'priors'> {
  const row = store.get<PriorsRow>(studyDetailsSql.priors, job);
  if (row === undefined) return {};
  const { outcome, code, ...priors } = row;
  return { priors: { ...priors, ...(outcome !== null && { outcome }), ...(code !== null && { code }) } };
}

function delivery(row: DeliveryRow): Delivery {
  const { destination, object, state, attempts, due_ms, sent_ms, status } = row;
  const optional = {
    ...{ comment: row.comment, class: row.class, code: row.code, detail: row.detail, dimse_status: status },
    ...{ commitment: row.commitment, commitment_reason: row.commitment_reason },
    next_attempt_at: state === 'pending' ? new Date(due_ms).toISOString() : null,
    sent_at: sent_ms === null ? null : new Date(sent_ms).toISOString(),
  };
  const known = Object.entries(optional).filter(([, value]) => value !== null) as [string, never][];
  return {
    ...{ destination, object, attempts, state },
    ...Object.fromEntries(known),
  };
}
