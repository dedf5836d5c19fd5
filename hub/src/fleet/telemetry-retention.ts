import type { Store } from '@collimator/shared/sqlite/store';

const hourMs = 3_600_000;

/** Rows deleted by one write, so that a long backlog never holds up what devices report meanwhile. */
const rowsPerWrite = 5_000;

export const expiredTelemetrySql =
  'DELETE FROM telemetry WHERE (device, received_at) IN (SELECT device, received_at FROM telemetry WHERE received_at < ? LIMIT ?)';

/** Deletes telemetry older than `keepHours`. @returns rows deleted */
export async function dropOldTelemetry(store: Store, keepHours: number, now: Date): Promise<number> {
  const before = new Date(now.getTime() - keepHours * hourMs).toISOString().slice(0, 19);
  let deleted = 0;
  for (;;) {
    const [result] = await store.write([{ sql: expiredTelemetrySql, params: [before, rowsPerWrite] }]);
    deleted += result?.changes ?? 0;
    if ((result?.changes ?? 0) < rowsPerWrite) return deleted;
  }
}
