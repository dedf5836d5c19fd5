import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@collimator/shared/sqlite/open-store';
import { expect, it } from 'vitest';
import { studyDetailsSql } from './study-details.ts';
import { studyRoutingSql } from './study-routing.ts';

it('study details are read through indexes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'details-'));
  const migrations = new URL('../store/migrations/', import.meta.url);
  const store = await openStore({ file: join(folder, 'agent.sqlite'), migrations });
  try {
    const plan = (sql: string, ...params: number[]) =>
      store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...params).map((row) => row.detail);
    const plans = [
      ...plan(studyDetailsSql.jobs, 1),
      ...plan(studyDetailsSql.deliveries, 1),
      ...plan(studyDetailsSql.priors, 1),
      ...Object.values(studyRoutingSql).flatMap((sql) => plan(sql, 1)),
    ];
    expect(plans.filter((detail) => detail.startsWith('SCAN'))).toEqual([]);
    expect(plans.filter((detail) => detail.startsWith('SEARCH'))).toHaveLength(9);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
});
