import type { Statement, Store } from '@collimator/shared/sqlite/store';
import { type CostReading, defaultReadingsMax } from '../study/queue/schedule/cost-model.ts';

/** What the scheduler learned, across restarts. */
export type RunCosts = {
  /** What was saved last, as `createCostModel` takes it. */
  load(): readonly CostReading[];
  /** Puts a snapshot in the place of the last one; resolves when it is on the disk. Of more than the model holds by default,
   * those least recently used are left out. */
  save(snapshot: readonly CostReading[]): Promise<void>;
};

export const runCostSql = {
  runCosts: `SELECT device, cost_key AS key, fixed_ms, per_item_ms AS perItem_ms, fixed_variance AS fixedVariance,
    per_item_variance AS perItemVariance, covariance, readings, usual_items AS usualItems
    FROM run_costs WHERE position < ? ORDER BY position`,
} as const;

export function createSqliteRunCosts(store: Store): RunCosts {
  return {
    load: () => store.all<CostReading>(runCostSql.runCosts, defaultReadingsMax),
    async save(snapshot) {
      await store.write([{ sql: 'DELETE FROM run_costs' }, ...snapshot.slice(-defaultReadingsMax).map(row)]);
    },
  };
}

const row = (reading: CostReading, position: number): Statement => ({
  sql: `INSERT INTO run_costs (position, device, cost_key, fixed_ms, per_item_ms, fixed_variance, per_item_variance,
      covariance, readings, usual_items)
    VALUES (:position, :device, :key, :fixed_ms, :perItem_ms, :fixedVariance, :perItemVariance, :covariance, :readings,
      :usualItems)`,
  params: { ...reading, position },
});
