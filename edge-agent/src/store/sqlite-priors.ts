import type { PriorsWanted } from '@collimator/shared/contracts/release-priors';
import { isCoded } from '@collimator/shared/errors/coded-error';
import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { PriorAnswer } from '../study/prior/ask-source.ts';
import type { PriorOutcome, PriorReason, SeriesFacts, Verdict } from '../study/prior/settle-request.ts';
import type { Job } from '../study/queue/job-state.ts';
import { instanceIsRejected } from './rejected-images.ts';
import { jobStudyIsHeld } from './sqlite-holds.ts';
import { type JobRow, moveStatement } from './sqlite-jobs.ts';

/** What a job waits for. */
export type PriorRequest = {
  readonly jobId: number;
  readonly wants: PriorsWanted;
  readonly state: 'asking' | 'fetching';
  readonly deadline_ms: number;
  readonly attempts: number;
};

/** What became of a request, for the log. */
export type Settled = {
  readonly outcome: PriorOutcome;
  readonly reason: PriorReason | undefined;
  readonly verdicts: readonly (Verdict & SeriesKey)[];
  /** Where the job cannot do without a prior: its row, and the state that it goes to. */
  readonly refused?: { readonly row: JobRow; readonly to: Job };
};

export type SeriesKey = { readonly studyInstanceUid: string; readonly seriesInstanceUid: string };

/** A series that is to be had: what is known of it but for its images' own words, which stand in the files. */
export type WantedFacts = SeriesKey &
  Omit<SeriesFacts, 'people'> & {
    readonly daysBefore: number;
    /** One image of each patient that the series names, relative to the data folder. */
    readonly samples: readonly string[];
  };

export type SqlitePriors = {
  /** Requests of jobs that are over, superseded or done with otherwise: nothing is fetched for them any more. */
  dropIdle(now_ms: number): Promise<void>;
  /** Sets the deadline of requests that are looked at for the first time; of held studies, none has one while nobody was asked. */
  setDeadlines(now_ms: number): Promise<void>;
  toAsk(now_ms: number, limit: number): PriorRequest[];
  /** Requests of which nothing more will come, or not in time. */
  toSettle(now_ms: number, limit: number): PriorRequest[];
  /** When the next request is due, after this time: to be asked for, or to be settled. */
  next_ms(now_ms: number): number | undefined;
  open(): number;
  /**
   * The PACS has answered: its series are to be had. Resolves with how many of them are not here, or undefined when the
   * request is no longer what it was.
   *
   * @param imagesMax series with more images are not fetched
   */
  answered(request: PriorRequest, answer: PriorAnswer, imagesMax: number, now_ms: number): Promise<number | undefined>;
  unanswered(request: PriorRequest, due_ms: number): Promise<void>;
  /** The series of a request, with what is here of them. */
  wanted(jobId: number): WantedFacts[];
  /** False when the request, or its job, is no longer what it was. */
  settle(request: PriorRequest, settled: Settled, now_ms: number): Promise<boolean>;
};

const columns = `job_id AS jobId, wants, prior_requests.state, deadline_ms, prior_requests.attempts`;
const isQueued = `EXISTS (SELECT 1 FROM jobs WHERE jobs.id = prior_requests.job_id AND jobs.state = 'queued')`;
const isHeld = `EXISTS (SELECT 1 FROM jobs WHERE jobs.id = prior_requests.job_id AND ${jobStudyIsHeld})`;
const isFetched = `EXISTS (SELECT 1 FROM prior_uses JOIN prior_fetches USING (study_instance_uid, series_instance_uid)
  WHERE prior_uses.job_id = prior_requests.job_id AND prior_fetches.state IN ('waiting', 'moving'))`;

/** Images of a series (its UID, then that of its study) as far as it may be given to a job: received, or fetched, and not rejected. */
const imagesOf = `FROM studies JOIN series ON series.study_id = studies.id AND series.series_instance_uid = ?
  JOIN instances ON instances.series_id = series.id AND own IN (0, 3) AND NOT ${instanceIsRejected}
  WHERE studies.study_instance_uid = ?`;

export const priorSql = {
  idle: `SELECT job_id AS jobId FROM prior_requests WHERE state <> 'over' AND NOT ${isQueued} LIMIT 64`,
  noDeadline: `SELECT 1 AS found FROM prior_requests WHERE state <> 'over' AND deadline_ms IS NULL AND NOT ${isHeld} LIMIT 1`,
  heldDeadline: `SELECT 1 AS found FROM prior_requests
    WHERE state <> 'over' AND state = 'asking' AND deadline_ms IS NOT NULL AND ${isHeld} LIMIT 1`,
  toAsk: `SELECT ${columns} FROM prior_requests WHERE state = 'asking' AND state <> 'over' AND due_ms <= ? AND deadline_ms > ?
    ORDER BY due_ms LIMIT ?`,
  toSettle: `SELECT ${columns} FROM prior_requests WHERE state <> 'over' AND deadline_ms IS NOT NULL
    AND (deadline_ms <= ? OR (state = 'fetching' AND NOT ${isFetched})) ORDER BY due_ms LIMIT ?`,
  next: `SELECT min(CASE WHEN state = 'asking' AND due_ms > ? THEN min(due_ms, deadline_ms) ELSE deadline_ms END) AS next_ms
    FROM prior_requests WHERE state <> 'over' AND deadline_ms > ?`,
  open: `SELECT count(*) AS n FROM prior_requests WHERE state <> 'over'`,
  wanted: `SELECT prior_uses.study_instance_uid AS studyInstanceUid, prior_uses.series_instance_uid AS seriesInstanceUid,
      days_before AS daysBefore, coalesce(prior_fetches.state, 'none') AS "fetch", expected, prior_fetches.reason
    FROM prior_uses LEFT JOIN prior_fetches USING (study_instance_uid, series_instance_uid) WHERE job_id = ?`,
  facts: `SELECT count(*) AS images, modality, body_part AS bodyPart ${imagesOf}`,
  samples: `SELECT min(path) AS path ${imagesOf} GROUP BY patient_key LIMIT 16`,
  /** All that came of a series, whatever it is: as a PACS counts it. */
  here: `SELECT count(*) AS images FROM studies
      JOIN series ON series.study_id = studies.id AND series.series_instance_uid = ?
      JOIN instances ON instances.series_id = series.id WHERE studies.study_instance_uid = ?`,
} as const;

type Raw = Omit<PriorRequest, 'wants'> & { readonly wants: string };
const revive = (raw: Raw): PriorRequest => ({ ...raw, wants: JSON.parse(raw.wants) as PriorsWanted });
type RawFacts = Pick<WantedFacts, 'images' | 'modality' | 'bodyPart'>;
type RawWanted = SeriesKey & {
  readonly daysBefore: number;
  readonly fetch: SeriesFacts['fetch'];
  readonly expected: number | null;
  readonly reason: PriorReason | null;
};

/** What jobs wait for, and what they are to get. */
export function createSqlitePriors(store: Store): SqlitePriors {
  const here = ({ studyInstanceUid: study, seriesInstanceUid: series }: SeriesKey): number =>
    store.get<{ images: number }>(priorSql.here, series, study)?.images ?? 0;

  return {
    async dropIdle(now_ms) {
      const idle = store.all<{ jobId: number }>(priorSql.idle);
      if (idle.length === 0) return;
      await store.write(
        idle.map(({ jobId }) => ({
          sql: `UPDATE prior_requests SET state = 'over', outcome = 'none', due_ms = ? WHERE job_id = ? AND NOT ${isQueued}`,
          params: [now_ms, jobId],
        })),
      );
    },
    async setDeadlines(now_ms) {
      if (store.get(priorSql.heldDeadline) !== undefined)
        await store.write([
          {
            sql: `UPDATE prior_requests SET deadline_ms = NULL WHERE state = 'asking' AND state <> 'over' AND ${isHeld}`,
          },
        ]);
      if (store.get(priorSql.noDeadline) !== undefined)
        await store.write([
          {
            sql: `UPDATE prior_requests SET deadline_ms = ? + CAST(1000 * json_extract(wants, '$.wait_s_max') AS INTEGER)
              WHERE state <> 'over' AND deadline_ms IS NULL AND NOT ${isHeld}`,
            params: [now_ms],
          },
        ]);
    },
    toAsk: (now_ms, limit) => store.all<Raw>(priorSql.toAsk, now_ms, now_ms, limit).map(revive),
    toSettle: (now_ms, limit) => store.all<Raw>(priorSql.toSettle, now_ms, limit).map(revive),
    next_ms: (now_ms) => store.get<{ next_ms: number | null }>(priorSql.next, now_ms, now_ms)?.next_ms ?? undefined,
    open: () => store.get<{ n: number }>(priorSql.open)?.n ?? 0,
    async answered(request, { listed, differing, series }, imagesMax, now_ms) {
      const missing = series.filter((one) => here(one) < (one.images ?? Number.POSITIVE_INFINITY));
      const noted = await unlessChanged(() =>
        store.write([
          {
            sql: `UPDATE prior_requests SET state = 'fetching', listed = ?, differing = ? WHERE job_id = ? AND state = 'asking'`,
            params: [listed, differing, request.jobId],
            expectChanges: 1,
          },
          ...series.map((one) => useStatement(request.jobId, one)),
          ...missing.map((one) => fetchStatement(one, imagesMax, now_ms)),
        ]),
      );
      return noted ? missing.length : undefined;
    },
    async unanswered(request, due_ms) {
      await store.write([
        {
          sql: `UPDATE prior_requests SET attempts = attempts + 1, due_ms = ? WHERE job_id = ? AND state = 'asking'`,
          params: [Math.round(due_ms), request.jobId],
        },
      ]);
    },
    wanted(jobId) {
      return store.all<RawWanted>(priorSql.wanted, jobId).map(({ expected, reason, ...one }) => {
        const key = [one.seriesInstanceUid, one.studyInstanceUid] as const;
        const facts = store.get<RawFacts>(priorSql.facts, ...key);
        const samples = store.all<{ path: string }>(priorSql.samples, ...key).map(({ path }) => path);
        return {
          ...one,
          images: facts?.images ?? 0,
          modality: facts?.modality ?? '',
          bodyPart: (facts?.bodyPart ?? '').toUpperCase(),
          expected: expected ?? undefined,
          reason: reason ?? undefined,
          samples,
        };
      });
    },
    settle: ({ jobId }, { outcome, reason, verdicts, refused }, now_ms) =>
      unlessChanged(() =>
        store.write([
          {
            sql: `UPDATE prior_requests SET state = 'over', outcome = ?, reason = ?, due_ms = ?
              WHERE job_id = ? AND state <> 'over' AND ${isQueued}`,
            params: [outcome, reason ?? null, now_ms, jobId],
            expectChanges: 1,
          },
          ...verdicts.map((one) => ({
            sql: `UPDATE prior_uses SET state = ?, reason = ?
              WHERE job_id = ? AND study_instance_uid = ? AND series_instance_uid = ?`,
            params: [
              one.offered ? 'offered' : 'refused',
              one.offered ? null : one.reason,
              ...[jobId, one.studyInstanceUid, one.seriesInstanceUid],
            ],
          })),
          ...(refused === undefined ? [] : [moveStatement(refused.row, refused.to, now_ms)]),
        ]),
      ),
  };
}

/** Whether a write was made; not, when what it is about has changed in the meantime. */
async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (isCoded(error, 'store-conflict')) return false;
    throw error;
  }
}

const useStatement = (jobId: number, one: PriorAnswer['series'][number]): Statement => ({
  sql: `INSERT INTO prior_uses (job_id, study_instance_uid, series_instance_uid, days_before, state)
    VALUES (?, ?, ?, ?, 'wanted') ON CONFLICT DO NOTHING`,
  params: [jobId, one.studyInstanceUid, one.seriesInstanceUid, one.daysBefore],
});

/** A series is fetched once for all who want it; one that failed for an earlier job is tried anew for this one. */
function fetchStatement(one: PriorAnswer['series'][number], imagesMax: number, now_ms: number): Statement {
  const tooLarge = (one.images ?? 0) > imagesMax;
  return {
    sql: `INSERT INTO prior_fetches (study_instance_uid, series_instance_uid, expected, state, due_ms, reason, changed_ms)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET expected = excluded.expected,
        state = CASE prior_fetches.state WHEN 'moving' THEN 'moving' ELSE excluded.state END,
        attempts = CASE prior_fetches.state WHEN 'failed' THEN 0 WHEN 'here' THEN 0 ELSE attempts END,
        due_ms = CASE prior_fetches.state WHEN 'waiting' THEN min(prior_fetches.due_ms, excluded.due_ms) ELSE excluded.due_ms END,
        reason = excluded.reason, changed_ms = excluded.changed_ms`,
    params: [
      ...[one.studyInstanceUid, one.seriesInstanceUid, one.images ?? null, tooLarge ? 'failed' : 'waiting', now_ms],
      ...[tooLarge ? 'priors-too-large' : null, now_ms],
    ],
  };
}
