import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { ReleaseVerdict, SourceRelease } from '../study/assemble/complete/completion-rules.ts';
import type { ExpectedStudy, SeriesCount } from '../study/assemble/complete/expected-count.ts';

/** One release of one study; a later one of the same study takes its place. */
type ReleaseKey = { readonly studyId: number; readonly through: number; readonly released_ms: number };

/** A release that nobody has judged since something was learned of it. */
export type UnjudgedRelease = ReleaseKey & SourceRelease & { readonly lastInstanceId: number };

/** A study whose source is to be asked how many instances it has; `asks`: how often it was. */
export type AskableRelease = ReleaseKey & { readonly studyInstanceUid: string; readonly asks: number };

export type SourceReleases = {
  /** Notes that a sender with a rule is done with these studies, as far as they are open. */
  note(studyInstanceUids: readonly string[], source: string, now_ms: number): Promise<void>;
  unjudged(limit: number): UnjudgedRelease[];
  judge(release: ReleaseKey, verdict: ReleaseVerdict): Promise<void>;
  /** All are to be judged again: the rules may be others than before. */
  reopen(): Promise<void>;
  /** Releases of a source that has said nothing yet, those first that are due longest; never more than `asksMax` times each. */
  toAsk(source: string, asksMax: number, now_ms: number, limit: number): AskableRelease[];
  /** When the next is due; undefined when none is. */
  nextAsk_ms(source: string, asksMax: number): number | undefined;
  /** Instances of a study that are here, by series. */
  held(studyId: number): SeriesCount[];
  /** Series of results that this appliance made of a study. */
  ownSeries(studyId: number): readonly string[];
  /** What its source said; dropped where a newer release has come in the meantime. */
  answered(release: AskableRelease, expected: ExpectedStudy): Promise<void>;
  /** It said nothing; asked again after `ask_at_ms` as long as it may be. */
  unanswered(release: AskableRelease, ask_at_ms: number): Promise<void>;
};

export const sourceReleaseSql = {
  unjudged: `SELECT study_releases.study_id AS studyId, source, through, released_ms, expected,
      last_instance_id AS lastInstanceId,
      (SELECT count(*) FROM series JOIN instances ON series_id = series.id
        WHERE series.study_id = study_releases.study_id) AS held,
      (SELECT count(*) FROM listed_instances WHERE listed_instances.study_id = study_releases.study_id) AS listed,
      (SELECT count(*) FROM listed_instances WHERE listed_instances.study_id = study_releases.study_id AND NOT EXISTS
        (SELECT 1 FROM instances WHERE instances.sop_instance_uid = listed_instances.sop_instance_uid)) AS missing
    FROM study_releases JOIN studies ON studies.id = study_releases.study_id
    WHERE verdict = 'open' ORDER BY study_releases.study_id LIMIT ?`,
  toAsk: `SELECT study_id AS studyId, study_instance_uid AS studyInstanceUid, through, released_ms, asks
    FROM study_releases JOIN studies ON studies.id = study_id
    WHERE source = ? AND expected IS NULL AND asks < ? AND ask_at_ms <= ? AND through >= last_instance_id
    ORDER BY ask_at_ms LIMIT ?`,
  nextAsk: `SELECT min(ask_at_ms) AS next_ms FROM study_releases JOIN studies ON studies.id = study_id
    WHERE source = ? AND expected IS NULL AND asks < ? AND through >= last_instance_id`,
  held: `SELECT series_instance_uid AS seriesInstanceUid, count(*) AS instances
    FROM series JOIN instances ON series_id = series.id WHERE study_id = ? GROUP BY series.id`,
  ownSeries: `SELECT DISTINCT results.series_instance_uid AS uid FROM study_revisions
    JOIN jobs ON jobs.revision_id = study_revisions.id JOIN results ON results.job_id = jobs.id WHERE study_id = ?`,
} as const;

const ofKey = 'study_id = ? AND through = ? AND released_ms = ?';
const keyOf = ({ studyId, through, released_ms }: ReleaseKey): number[] => [studyId, through, released_ms];

/** What senders with a rule have said of open studies: that they are done, and how many images there are. */
export function createSqliteSourceReleases(store: Store): SourceReleases {
  return {
    async note(studyInstanceUids, source, now_ms) {
      // An open study only: one that is taken in needs no release.
      await store.write([
        {
          sql: `INSERT INTO study_releases (study_id, source, through, released_ms, ask_at_ms)
            SELECT id, ?, last_instance_id, ?, ? FROM studies
              WHERE study_instance_uid IN (SELECT value FROM json_each(?)) AND last_instance_id > taken_through
            ON CONFLICT (study_id) DO UPDATE SET source = excluded.source, through = excluded.through,
              released_ms = excluded.released_ms, ask_at_ms = excluded.ask_at_ms, asks = 0, expected = NULL,
              verdict = 'open'`,
          params: [source, now_ms, now_ms, JSON.stringify(studyInstanceUids)],
        },
      ]);
    },
    unjudged: (limit) => store.all<UnjudgedRelease>(sourceReleaseSql.unjudged, limit),
    async judge(release, verdict) {
      await store.write([
        { sql: `UPDATE study_releases SET verdict = ? WHERE ${ofKey}`, params: [verdict, ...keyOf(release)] },
      ]);
    },
    async reopen() {
      await store.write([{ sql: `UPDATE study_releases SET verdict = 'open' WHERE verdict <> 'open'` }]);
    },
    toAsk: (source, asksMax, now_ms, limit) =>
      store.all<AskableRelease>(sourceReleaseSql.toAsk, source, asksMax, now_ms, limit),
    nextAsk_ms: (source, asksMax) =>
      store.get<{ next_ms: number | null }>(sourceReleaseSql.nextAsk, source, asksMax)?.next_ms ?? undefined,
    held: (studyId) => store.all<SeriesCount>(sourceReleaseSql.held, studyId),
    ownSeries: (studyId) => store.all<{ uid: string }>(sourceReleaseSql.ownSeries, studyId).map(({ uid }) => uid),
    async answered(release, { instances, whole }) {
      await store.write([
        {
          sql: `UPDATE study_releases SET expected = ?, asks = asks + 1, verdict = 'open' WHERE ${ofKey}`,
          params: [instances, ...keyOf(release)],
        },
        ...whole.map((one) => wholeSeries(release.studyId, one)),
      ]);
    },
    async unanswered(release, ask_at_ms) {
      await store.write([
        {
          sql: `UPDATE study_releases SET asks = asks + 1, ask_at_ms = ? WHERE ${ofKey}`,
          params: [ask_at_ms, ...keyOf(release)],
        },
      ]);
    },
  };
}

/** What came since it was asked is here as well: more than was counted, so the series is no less whole. */
const wholeSeries = (studyId: number, { seriesInstanceUid, instances }: SeriesCount): Statement => ({
  sql: `UPDATE series SET whole_through = last_instance_id WHERE study_id = ? AND series_instance_uid = ?
    AND (SELECT count(*) FROM instances WHERE series_id = series.id) >= ?`,
  params: [studyId, seriesInstanceUid, instances],
});

/** Part of the write that reads a key object: it lists all of its study. The newest such object of a study counts. */
export const listInstances = (noteInstanceId: number, references: readonly string[]): Statement[] => {
  const study = `SELECT study_id FROM instances JOIN series ON series.id = series_id WHERE instances.id = :note`;
  const params = { note: noteInstanceId, references: JSON.stringify(references) };
  return [
    { sql: `DELETE FROM listed_instances WHERE study_id = (${study})`, params: { note: noteInstanceId } },
    {
      sql: `INSERT INTO listed_instances (study_id, sop_instance_uid, note_instance_id)
        SELECT (${study}), value, :note FROM json_each(:references)`,
      params,
    },
    { sql: `UPDATE study_releases SET verdict = 'open' WHERE study_id = (${study})`, params: { note: noteInstanceId } },
  ];
};
