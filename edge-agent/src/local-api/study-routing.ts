import type { StudyRouting, StudySummary } from '@collimator/shared/contracts/local-api';
import type { Store } from '@collimator/shared/sqlite/store';
import { createSqliteStudyList } from '../store/sqlite-study-list.ts';
import type { RouteDecision } from '../study/assemble/route/plan-jobs.ts';

export const studyRoutingSql = {
  revisions: `SELECT id, number, completed_ms, decisions FROM study_revisions WHERE study_id = ?
    ORDER BY number DESC LIMIT 20`,
  waits: 'SELECT release_name AS name FROM revision_waits WHERE revision_id = ? ORDER BY release_name',
} as const;

type Revision = {
  readonly id: number;
  readonly number: number;
  readonly completed_ms: number;
  readonly decisions: string;
};

/** What was decided of a study, newest revision first; undefined for a key that no study has. */
export function studyRouting(store: Store, key: number): StudyRouting | undefined {
  const line = createSqliteStudyList(store).one(key);
  if (line === undefined) return undefined;
  const revisions = store.all<Revision>(studyRoutingSql.revisions, key);
  return {
    key: String(key),
    state: line.state,
    revisions: revisions.map(({ id, number, completed_ms, decisions }) => ({
      number,
      completed_at: new Date(completed_ms).toISOString(),
      waiting_for: store.all<{ name: string }>(studyRoutingSql.waits, id).map(({ name }) => name),
      decisions: JSON.parse(decisions) as StudyRouting['revisions'][number]['decisions'],
    })),
  };
}

/** How many series each route took and left, with every reason once. */
export function summedByRoute(decisions: readonly RouteDecision[]): StudySummary['routes'] {
  return [...new Set(decisions.map(({ route }) => route))].map((route) => {
    const own = decisions.filter((decision) => decision.route === route);
    const selected = own.filter((decision) => decision.selected).length;
    const reasons = [...new Set(own.flatMap((decision) => decision.reasons))];
    return { route, selected, not_selected: own.length - selected, reasons };
  });
}
