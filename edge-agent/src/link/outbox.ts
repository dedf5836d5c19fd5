import type { DeviceEvent } from '@collimator/shared/contracts/messages';
import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Log } from '@collimator/shared/observe/log';
import type { Store } from '@collimator/shared/sqlite/store';

/** An event as its reporter knows it; device, sequence number and time are the outbox's. */
export type Report = Omit<DeviceEvent, 'schema' | 'device' | 'seq' | 'at'>;

export interface Outbox {
  /** Resolves with the sequence number when the event is on the disk. Throws `outbox-full`, and stores nothing then. */
  report(entry: Report): Promise<number>;
  /** At most `limit` events after a sequence number, in order. */
  pending(afterSeq: number, limit: number): DeviceEvent[];
  /** The hub has everything up to and including this number; false when no such number was ever given out. */
  acknowledge(throughSeq: number): Promise<boolean>;
  size(): number;
  lastSeq(): number;
  /** Events not taken because the outbox was full, since this process started. */
  refused(): number;
}

export type OutboxDeps = {
  readonly store: Store;
  readonly deviceId: string;
  readonly now: () => Date;
  readonly log: Log;
  /** Events kept for an absent hub. */
  readonly entriesMax?: number;
};

export const outboxEntriesMaxDefault = 10_000;

/** Full means refused, never trimmed: the hub acknowledges no number beyond a gap. Whoever reports tries again later. */
const insertSql = 'INSERT INTO outbox (body) SELECT ? WHERE (SELECT count(*) FROM outbox) < ? RETURNING seq';
const deleteSql = 'DELETE FROM outbox WHERE seq <= ?';
export const pendingSql = 'SELECT seq, body FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?';
const sizeSql = 'SELECT count(*) AS n FROM outbox';
const lastSeqSql = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'";

/** A durable, bounded queue of events on their way to the hub. */
export function createOutbox({ store, deviceId, now, log, entriesMax = outboxEntriesMaxDefault }: OutboxDeps): Outbox {
  let refused = 0;
  const lastSeq = () => store.get<{ seq: number }>(lastSeqSql)?.seq ?? 0;
  return {
    async report(entry) {
      const event = { schema: 'collimator.event/1', device: deviceId, at: now().toISOString(), ...entry };
      const [inserted] = await store.write([{ sql: insertSql, params: [JSON.stringify(event), entriesMax] }]);
      const seq = inserted?.rows[0]?.['seq'];
      if (seq === undefined) {
        refused += 1;
        log.event('outbox-refused', { entries_max: entriesMax });
        throw new CodedError('outbox-full', `${entriesMax} events`);
      }
      return Number(seq);
    },
    pending: (afterSeq, limit) =>
      store
        .all<{ seq: number; body: string }>(pendingSql, afterSeq, limit)
        .map(({ seq, body }) => ({ ...(JSON.parse(body) as Omit<DeviceEvent, 'seq'>), seq })),
    async acknowledge(throughSeq) {
      if (throughSeq > lastSeq()) return false;
      await store.write([{ sql: deleteSql, params: [throughSeq] }]);
      return true;
    },
    size: () => store.get<{ n: number }>(sizeSql)?.n ?? 0,
    lastSeq,
    refused: () => refused,
  };
}
