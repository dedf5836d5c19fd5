import type { Statement, Store } from '@collimator/shared/sqlite/store';
import type { Removals } from '../study/receive/disk/file-removal.ts';

export const removalSql = { pending: 'SELECT path FROM removals WHERE path > ? ORDER BY path LIMIT ?' } as const;

/** Part of the write that lets go of a path. */
export const noteRemoval = (path: string): Statement => ({
  sql: 'INSERT INTO removals (path) VALUES (?) ON CONFLICT DO NOTHING',
  params: [path],
});

/** Part of the write that takes a path into use again. */
export const keepPath = (path: string): Statement => ({ sql: 'DELETE FROM removals WHERE path = ?', params: [path] });

export function createSqliteRemovals(store: Store): Removals {
  return {
    pending: (after, limit) => store.all<{ path: string }>(removalSql.pending, after, limit).map(({ path }) => path),
    async done(paths) {
      await store.write([
        {
          sql: 'DELETE FROM removals WHERE path IN (SELECT value FROM json_each(?))',
          params: [JSON.stringify(paths)],
        },
      ]);
    },
  };
}
