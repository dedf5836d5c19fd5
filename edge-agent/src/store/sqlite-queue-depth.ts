import type { Store } from '@collimator/shared/sqlite/store';

/** Queued jobs of one priority, 0 (stat) to 3 (background), and when the first of them was made; ms since 1970. */
export type QueueDepth = { readonly priority: number; readonly jobs: number; readonly oldest_ms: number };

export const queueDepthSql = {
  depth: `SELECT priority, count(*) AS jobs, min(id) AS first FROM jobs WHERE state = 'queued' GROUP BY priority`,
  madeAt: 'SELECT queued_ms FROM jobs WHERE id = ?',
} as const;

/** What waits for a device, by priority; a priority of which nothing waits is left out. */
export const queueDepth = (store: Pick<Store, 'all' | 'get'>): QueueDepth[] =>
  store.all<{ priority: number; jobs: number; first: number }>(queueDepthSql.depth).map(({ priority, jobs, first }) => {
    const oldest_ms = store.get<{ queued_ms: number }>(queueDepthSql.madeAt, first)?.queued_ms ?? 0;
    return { priority, jobs, oldest_ms };
  });
