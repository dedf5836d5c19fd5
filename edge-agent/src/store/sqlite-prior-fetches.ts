import type { Store } from '@collimator/shared/sqlite/store';
import type { PriorStudy } from '../study/infer/protocol.ts';
import type { PriorReason } from '../study/prior/settle-request.ts';
import { instanceIsRejected } from './rejected-images.ts';
import { priorSql, type SeriesKey } from './sqlite-priors.ts';

/** A series that is fetched; `attempts` counts those before this one. */
export type PriorFetch = SeriesKey & { readonly expected: number | null; readonly attempts: number };

export type PriorFetches = {
  /**
   * What was being moved when the program ended is to be moved again, and that attempt does not count.
   *
   * @param except studies of which some series is being moved
   */
  resume(except: readonly string[], now_ms: number): Promise<void>;
  /** What nobody waits for any more is not fetched; what failed long ago is forgotten. */
  dropUnwanted(now_ms: number, forgetBefore_ms: number): Promise<void>;
  /** Series whose turn it is, those first that are due longest. */
  due(now_ms: number, limit: number): PriorFetch[];
  /** The rest of a study whose turn it is. */
  dueOfStudy(studyInstanceUid: string, now_ms: number): PriorFetch[];
  next_ms(now_ms: number): number | undefined;
  /** Until when somebody waits for a study; undefined when nobody does. */
  deadline_ms(studyInstanceUid: string): number | undefined;
  begun(fetch: PriorFetch, now_ms: number): Promise<void>;
  /** Images of the series that are here. */
  images(fetch: SeriesKey): number;
  came(fetch: SeriesKey, now_ms: number): Promise<void>;
  /** It did not come; without a time it is not tried again. */
  failed(fetch: SeriesKey, reason: PriorReason, again_ms: number | undefined, now_ms: number): Promise<void>;
  /** Whether images of this study are, or were a while ago, on their way here because we asked for them. */
  isAskedFor(studyInstanceUid: string, since_ms: number): boolean;
  /** What a job is given: absolute paths are the caller's to make. */
  offered(jobId: number): PriorStudy[];
  /** What became of a job's request; undefined where it asked for nothing. */
  told(jobId: number): { readonly outcome: string | null; readonly reason: string | null } | undefined;
};

const isWanted = `EXISTS (SELECT 1 FROM prior_uses JOIN prior_requests USING (job_id)
  WHERE prior_uses.series_instance_uid = prior_fetches.series_instance_uid
    AND prior_uses.study_instance_uid = prior_fetches.study_instance_uid
    AND prior_requests.state = 'fetching' AND deadline_ms > ?)`;
const columns = `study_instance_uid AS studyInstanceUid, series_instance_uid AS seriesInstanceUid, expected, attempts`;

export const priorFetchSql = {
  moving: `SELECT 1 AS found FROM prior_fetches WHERE state = 'moving' LIMIT 1`,
  unwanted: `SELECT 1 AS found FROM prior_fetches WHERE state = 'waiting' AND NOT ${isWanted} LIMIT 1`,
  old: `SELECT 1 AS found FROM prior_fetches WHERE state = 'failed' AND changed_ms < ? LIMIT 1`,
  due: `SELECT ${columns} FROM prior_fetches WHERE state = 'waiting' AND due_ms <= ? AND ${isWanted} ORDER BY due_ms LIMIT ?`,
  dueOfStudy: `SELECT ${columns} FROM prior_fetches WHERE study_instance_uid = ? AND state = 'waiting' AND due_ms <= ?
    AND ${isWanted} ORDER BY series_instance_uid`,
  next: `SELECT min(due_ms) AS next_ms FROM prior_fetches WHERE state = 'waiting' AND due_ms > ?`,
  deadline: `SELECT max(deadline_ms) AS deadline_ms FROM prior_uses JOIN prior_requests USING (job_id)
    WHERE study_instance_uid = ? AND prior_requests.state = 'fetching'`,
  askedFor: `SELECT 1 AS found FROM prior_fetches WHERE study_instance_uid = ?
    AND (state IN ('waiting', 'moving') OR changed_ms >= ?) LIMIT 1`,
  offered: `SELECT prior_uses.study_instance_uid AS studyInstanceUid, prior_uses.series_instance_uid AS seriesInstanceUid,
      days_before AS daysBefore, modality, body_part AS bodyPart, description, path
    FROM prior_uses JOIN studies ON studies.study_instance_uid = prior_uses.study_instance_uid
      JOIN series ON series.study_id = studies.id AND series.series_instance_uid = prior_uses.series_instance_uid
      JOIN instances ON instances.series_id = series.id AND own IN (0, 3) AND NOT ${instanceIsRejected}
    WHERE job_id = ? AND prior_uses.state = 'offered'`,
  told: 'SELECT outcome, reason FROM prior_requests WHERE job_id = ?',
} as const;

const whichSeries = 'study_instance_uid = ? AND series_instance_uid = ?';

type OfferedImage = SeriesKey & {
  readonly daysBefore: number;
  readonly modality: string;
  readonly bodyPart: string;
  readonly description: string;
  readonly path: string;
};

/** The series that are fetched, each once for all jobs that want it. */
export function createSqlitePriorFetches(store: Store): PriorFetches {
  const set = async (key: SeriesKey, what: string, params: readonly (string | number | null)[]): Promise<void> => {
    await store.write([
      {
        sql: `UPDATE prior_fetches SET ${what} WHERE ${whichSeries}`,
        params: [...params, key.studyInstanceUid, key.seriesInstanceUid],
      },
    ]);
  };
  return {
    async resume(except, now_ms) {
      if (store.get(priorFetchSql.moving) === undefined) return;
      await store.write([
        {
          sql: `UPDATE prior_fetches SET state = 'waiting', due_ms = ?, attempts = max(0, attempts - 1)
            WHERE state = 'moving' AND study_instance_uid NOT IN (SELECT value FROM json_each(?))`,
          params: [now_ms, JSON.stringify(except)],
        },
      ]);
    },
    async dropUnwanted(now_ms, forgetBefore_ms) {
      if (store.get(priorFetchSql.unwanted, now_ms) !== undefined)
        await store.write([
          {
            sql: `UPDATE prior_fetches SET state = 'failed', reason = 'priors-late', changed_ms = ?
              WHERE state = 'waiting' AND NOT ${isWanted}`,
            params: [now_ms, now_ms],
          },
        ]);
      if (store.get(priorFetchSql.old, forgetBefore_ms) !== undefined)
        await store.write([
          { sql: `DELETE FROM prior_fetches WHERE state = 'failed' AND changed_ms < ?`, params: [forgetBefore_ms] },
        ]);
    },
    due: (now_ms, limit) => store.all<PriorFetch>(priorFetchSql.due, now_ms, now_ms, limit),
    dueOfStudy: (study, now_ms) => store.all<PriorFetch>(priorFetchSql.dueOfStudy, study, now_ms, now_ms),
    next_ms: (now_ms) => store.get<{ next_ms: number | null }>(priorFetchSql.next, now_ms)?.next_ms ?? undefined,
    deadline_ms: (study) =>
      store.get<{ deadline_ms: number | null }>(priorFetchSql.deadline, study)?.deadline_ms ?? undefined,
    begun: (fetch, now_ms) =>
      set(fetch, `state = 'moving', attempts = attempts + 1, reason = NULL, changed_ms = ?`, [now_ms]),
    images: ({ studyInstanceUid, seriesInstanceUid }) =>
      store.get<{ images: number }>(priorSql.here, seriesInstanceUid, studyInstanceUid)?.images ?? 0,
    came: (fetch, now_ms) => set(fetch, `state = 'here', reason = NULL, changed_ms = ?`, [now_ms]),
    failed: (fetch, reason, again_ms, now_ms) =>
      again_ms === undefined
        ? set(fetch, `state = 'failed', reason = ?, changed_ms = ?`, [reason, now_ms])
        : set(fetch, `state = 'waiting', reason = ?, due_ms = ?, changed_ms = ?`, [
            ...[reason, Math.round(again_ms), now_ms],
          ]),
    isAskedFor: (study, since_ms) => store.get(priorFetchSql.askedFor, study, since_ms) !== undefined,
    offered: (jobId) => grouped(store.all<OfferedImage>(priorFetchSql.offered, jobId)),
    told: (jobId) => store.get(priorFetchSql.told, jobId),
  };
}

/** The newest study first, and its series in the order of their UIDs. */
const grouped = (images: readonly OfferedImage[]): PriorStudy[] =>
  by(images, ({ studyInstanceUid }) => studyInstanceUid)
    .map(([first, ...others]) => ({
      studyInstanceUid: first.studyInstanceUid,
      daysBefore: first.daysBefore,
      series: by([first, ...others], ({ seriesInstanceUid }) => seriesInstanceUid).map((ofSeries) => {
        const { seriesInstanceUid, modality, bodyPart, description } = ofSeries[0];
        return {
          seriesInstanceUid,
          modality,
          bodyPart,
          description,
          files: ofSeries.map(({ path }) => path).toSorted(),
        };
      }),
    }))
    .toSorted((a, b) => a.daysBefore - b.daysBefore);

/** Groups of what has the same key, in the order of the keys. */
function by<T>(all: readonly T[], keyOf: (one: T) => string): (readonly [T, ...T[]])[] {
  const groups = new Map<string, [T, ...T[]]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}
