import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { QuarantineRows } from '../study/receive/quarantine/adopt-quarantined.ts';
import type { NewEntry, QuarantineIndex, Usage } from '../study/receive/quarantine/quarantine-index.ts';
import { noteRemoval } from './sqlite-removals.ts';

export type EntryState = 'kept' | 'released' | 'discarded' | 'expired';

/** One entry of the quarantine. */
export type QuarantineEntry = {
  readonly entryId: number;
  readonly file: string;
  readonly code: string;
  readonly why: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly remoteAddress: string;
  readonly associationId: string;
  readonly dataSetSha256: string;
  readonly dataSetBytes: number;
  readonly acknowledged: number;
  readonly kept_ms: number;
  readonly state: EntryState;
};

export type QuarantineList = {
  /** What lies there now. */
  size(): Usage;
  /** What lies there, what waits for a decision first, the newest first. */
  kept(limit: number): readonly QuarantineEntry[];
  get(entryId: number): QuarantineEntry | undefined;
  /** Internal ids of the studies that an entry holds. */
  holds(entryId: number): readonly number[];
  /** Lets an entry go for good and releases what it held; the paths of its files, which are noted for removal. */
  discard(entryId: number, now_ms: number): Promise<readonly string[]>;
  /** Lets refused entries go that were kept before this time. */
  expireBefore(kept_ms: number, limit: number): Promise<readonly string[]>;
  /** Forgets decisions made before this time, and with them what they said about a repeat. */
  forgetBefore(decided_ms: number): Promise<void>;
};

const columns = `id AS entryId, file, code, why, sop_class_uid AS sopClassUid, sop_instance_uid AS sopInstanceUid,
  transfer_syntax_uid AS transferSyntaxUid, calling_ae_title AS callingAeTitle, called_ae_title AS calledAeTitle,
  remote_address AS remoteAddress, association_id AS associationId, sha256 AS dataSetSha256, bytes AS dataSetBytes,
  acknowledged, kept_ms, state`;

export const quarantineSql = {
  usage: `SELECT count(*) AS entries, coalesce(sum(bytes), 0) AS bytes FROM quarantine WHERE state = 'kept'`,
  // What was refused makes way and holds nobody, so it answers for no repeat.
  before: `SELECT state FROM quarantine WHERE sop_instance_uid = ? AND sha256 = ? AND acknowledged = 1
    ORDER BY id DESC LIMIT 1`,
  isKept: `SELECT 1 AS found FROM quarantine WHERE sop_instance_uid = ? AND sha256 = ? AND state = 'kept'`,
  hasRow: 'SELECT 1 AS found FROM quarantine WHERE file = ?',
  isToBeRemoved: 'SELECT 1 AS found FROM removals WHERE path = ?',
  kept: `SELECT ${columns} FROM quarantine WHERE state = 'kept' ORDER BY acknowledged DESC, kept_ms DESC LIMIT ?`,
  get: `SELECT ${columns} FROM quarantine WHERE id = ?`,
  oldest: `SELECT id AS entryId, file FROM quarantine WHERE state = 'kept' AND acknowledged = 0 AND kept_ms < ?
    ORDER BY kept_ms LIMIT ?`,
  file: `SELECT file FROM quarantine WHERE id = ? AND state = 'kept'`,
  holds: `SELECT study_id AS studyId FROM holds WHERE kind = 'conflict' AND cause = ? AND released_ms IS NULL`,
} as const;

/** As a hold names the entry that caused it. */
export const causeOf = (entryId: number): string => `quarantine ${entryId}`;

const pathsOf = (file: string): readonly string[] => [`quarantine/${file}.dcm`, `quarantine/${file}.json`];

/** Part of the write that takes the object of an entry in. Throws for an entry that is decided already. */
export const releaseEntry = (store: Store, entryId: number, now_ms: number): Decision =>
  decide(store, entryId, 'released', now_ms);

type Decision = { readonly statements: readonly Statement[]; readonly paths: readonly string[] };

function decide(store: Store, entryId: number, state: Exclude<EntryState, 'kept'>, now_ms: number): Decision {
  const file = store.get<{ file: string }>(quarantineSql.file, entryId)?.file;
  if (file === undefined) throw new Error(`quarantine ${entryId} is decided already`);
  const paths = pathsOf(file);
  return {
    paths,
    statements: [
      {
        sql: `UPDATE quarantine SET state = ?, decided_ms = ? WHERE id = ? AND state = 'kept'`,
        params: [state, now_ms, entryId],
        expectChanges: 1,
      },
      {
        sql: `UPDATE holds SET released_ms = ? WHERE kind = 'conflict' AND cause = ? AND released_ms IS NULL`,
        params: [now_ms, causeOf(entryId)],
      },
      ...paths.map(noteRemoval),
    ],
  };
}

export function createSqliteQuarantine(
  store: Store,
  now: () => number,
): QuarantineIndex & QuarantineList & QuarantineRows {
  async function expire(rows: readonly { entryId: number }[]): Promise<readonly string[]> {
    const decisions = rows.map(({ entryId }) => decide(store, entryId, 'expired', now()));
    await store.write(decisions.flatMap(({ statements }) => statements));
    return decisions.flatMap(({ paths }) => paths);
  }
  const oldest = (before_ms: number, limit: number): { entryId: number }[] =>
    store.all(quarantineSql.oldest, before_ms, limit);

  const size = (): Usage => store.get<Usage>(quarantineSql.usage) ?? { entries: 0, bytes: 0 };

  return {
    size,
    async usage() {
      return size();
    },
    isKept: (sopInstanceUid, sha256) => store.get(quarantineSql.isKept, sopInstanceUid, sha256) !== undefined,
    explains: (file) =>
      store.get(quarantineSql.hasRow, file) !== undefined ||
      pathsOf(file).some((path) => store.get(quarantineSql.isToBeRemoved, path) !== undefined),
    before(sopInstanceUid, sha256) {
      const state = store.get<{ state: EntryState }>(quarantineSql.before, sopInstanceUid, sha256)?.state;
      return state === 'kept' || state === 'discarded' ? state : undefined;
    },
    async add(entry) {
      const [, added] = await store.write([
        ...claimStudy(entry, now()),
        insert(entry, now()),
        ...holdStudies(entry, now()),
      ]);
      return Number(added?.rows[0]?.['entryId']);
    },
    expireOldest: (limit) => expire(oldest(Number.MAX_SAFE_INTEGER, limit)),
    kept: (limit) => store.all<QuarantineEntry>(quarantineSql.kept, limit),
    get: (entryId) => store.get<QuarantineEntry>(quarantineSql.get, entryId),
    holds: (entryId) =>
      store.all<{ studyId: number }>(quarantineSql.holds, causeOf(entryId)).map(({ studyId }) => studyId),
    async discard(entryId, now_ms) {
      const { statements, paths } = decide(store, entryId, 'discarded', now_ms);
      await store.write(statements);
      return paths;
    },
    expireBefore: (kept_ms, limit) => expire(oldest(kept_ms, limit)),
    async forgetBefore(decided_ms) {
      await store.write([{ sql: 'DELETE FROM quarantine WHERE decided_ms < ?', params: [decided_ms] }]);
    },
  };
}

function insert(entry: NewEntry, now_ms: number): Statement {
  return {
    sql: `INSERT INTO quarantine (file, code, why, sop_class_uid, sop_instance_uid, transfer_syntax_uid,
        calling_ae_title, called_ae_title, remote_address, association_id, sha256, bytes, acknowledged, kept_ms, state)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'kept') RETURNING id AS entryId`,
    params: [
      entry.file,
      entry.code,
      entry.why,
      entry.sopClassUid,
      entry.sopInstanceUid,
      entry.transferSyntaxUid,
      entry.callingAeTitle,
      entry.calledAeTitle,
      entry.remoteAddress,
      entry.associationId,
      entry.dataSetSha256,
      entry.dataSetBytes,
      entry.acknowledged ? 1 : 0,
      now_ms,
    ],
    expectChanges: 1,
  };
}

/** The study that the copy names may have no image yet; those that come must not be run on before it is decided. */
const claimStudy = (entry: NewEntry, now_ms: number): Statement[] => [
  {
    sql: `INSERT INTO studies (study_instance_uid, open_since_ms, last_received_ms) SELECT :uid, :now, :now
      WHERE :wanted = 1 AND NOT EXISTS (SELECT 1 FROM studies WHERE study_instance_uid = :uid)`,
    params: {
      uid: entry.studyInstanceUid ?? '',
      now: now_ms,
      wanted: entry.acknowledged && entry.studyInstanceUid !== undefined ? 1 : 0,
    },
  },
];

/** Both studies wait: the one that has the instance, and the one that the copy says it belongs to. */
const holdStudies = (entry: NewEntry, now_ms: number): Statement[] =>
  entry.acknowledged
    ? [
        {
          sql: `INSERT INTO holds (study_id, kind, cause, detail, since_ms)
            SELECT studies.id, 'conflict', 'quarantine ' || (SELECT id FROM quarantine WHERE file = :file), :why, :now
            FROM studies WHERE studies.id = (SELECT study_id FROM instances JOIN series ON series.id = series_id
                WHERE sop_instance_uid = :uid)
              OR studies.study_instance_uid = :study`,
          params: {
            file: entry.file,
            why: entry.why,
            now: now_ms,
            uid: entry.sopInstanceUid,
            study: entry.studyInstanceUid ?? '',
          },
        },
      ]
    : [];
