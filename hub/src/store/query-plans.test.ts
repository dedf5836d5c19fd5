import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { assignedSql } from '../fleet/assigned-releases.ts';
import { pageSql } from '../fleet/devices.ts';
import { eventLogQueries } from '../fleet/event-log.ts';
import { expiredTelemetrySql } from '../fleet/telemetry-retention.ts';
import { endEarlierTokens, endTokens } from '../fleet/token-table.ts';
import { expiringSql } from '../release/rollout/sqlite-rollouts.ts';
import { countSql, inStateSql, listSql } from '../training/runs/run-table.ts';
import { openHubStore } from './open-hub-store.ts';

const dir = mkdtempSync(join(tmpdir(), 'plans-'));
let database: Database.Database;
beforeAll(async () => {
  await (await openHubStore(dir)).close();
  database = new Database(join(dir, 'hub.db'), { readonly: true });
});
afterAll(() => {
  database.close();
  rmSync(dir, { recursive: true });
});

test.each([
  ...eventLogQueries,
  assignedSql,
  expiredTelemetrySql,
  inStateSql,
  countSql,
  listSql,
  'SELECT * FROM devices WHERE id = ?',
  pageSql,
  'SELECT * FROM enrolment_tokens WHERE id = ?',
  'DELETE FROM enrolment_tokens WHERE expires_at < ?',
  endTokens('a').sql,
  endEarlierTokens('a', 'b').sql,
  expiringSql,
  'SELECT * FROM audit ORDER BY seq DESC LIMIT 1',
  'SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?',
])('no hot query reads a whole table or sorts: %s', (sql) => {
  const parameters = sql.split('?').length - 1;
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array<number>(parameters).fill(1)) as {
    detail: string;
  }[];
  const details = plan.map(({ detail }) => detail);
  expect(details.join()).not.toContain('TEMP B-TREE');

  // A scan along the primary key that a limit ends is a page, not a table.
  const scans = details.some((detail) => detail.startsWith('SCAN'));
  expect(!scans || /ORDER BY .* LIMIT/.test(sql)).toBe(true);
});
