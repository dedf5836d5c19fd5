import type { StudySummary } from '@collimator/shared/contracts/local-api';
import type { Store } from '@collimator/shared/sqlite/store';
import type { RouteDecision } from '../study/assemble/plan-jobs.ts';
import { summedByRoute } from './study-routing.ts';
import type { StudyLine } from '../store/sqlite-study-list.ts';

export const studyDetailsSql = {
  decisions: 'SELECT decisions FROM study_revisions WHERE study_id = ? AND number = ?',
  jobs: `SELECT jobs.id, release_name AS release, release_version AS version, state, failure_code AS code
    FROM study_revisions JOIN jobs ON jobs.revision_id = study_revisions.id
    WHERE study_id = ? AND number = ? ORDER BY jobs.id`,
  deliveries: `SELECT destination, object, state, attempts, dimse_status AS status
    FROM results JOIN deliveries ON deliveries.result_id = results.id WHERE job_id = ? ORDER BY object, destination`,
} as const;

type JobRow = { readonly id: number; readonly code: string | null } & Omit<StudySummary['jobs'][number], 'code'>;
type DeliveryRow = { readonly status: number | null } & Omit<StudySummary['deliveries'][number], 'dimse_status'>;

/** A line of the study list with the jobs of its newest revision and where their results are. */
export function studySummary(store: Store, line: StudyLine): StudySummary {
  const decided = store.get<{ decisions: string }>(studyDetailsSql.decisions, line.study, line.revision)?.decisions;
  const jobs = store.all<JobRow>(studyDetailsSql.jobs, line.study, line.revision);
  const deliveries = jobs.flatMap(({ id }) => store.all<DeliveryRow>(studyDetailsSql.deliveries, id));
  return {
    key: String(line.study),
    revision: line.revision,
    state: line.state,
    instances: line.images,
    holds: line.holds.map(({ kind, cause, detail, since_ms }) => ({
      ...{ kind, cause, detail },
      since: new Date(since_ms).toISOString(),
    })),
    last_instance_at: new Date(line.last_received_ms).toISOString(),
    routes: summedByRoute(JSON.parse(decided ?? '[]') as RouteDecision[]),
    jobs: jobs.map(({ release, version, state, code }) => ({
      release,
      version,
      state,
      ...(code !== null && { code }),
    })),
    deliveries: deliveries.map(({ destination, object, state, attempts, status }) => ({
      ...{ destination, object, state, attempts },
      ...(status !== null && { dimse_status: status }),
    })),
  };
}
