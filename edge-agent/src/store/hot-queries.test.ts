import { describe, expect, it } from 'vitest';
import type { SqlValue } from '@collimator/shared/sqlite/store';
import { commitmentRequestSql } from './sqlite-commitment-requests.ts';
import { commitmentSql } from './sqlite-commitments.ts';
import { deliverySql } from './sqlite-deliveries.ts';
import { holdSql } from './sqlite-holds.ts';
import { instanceSql } from './sqlite-instance-index.ts';
import { rejectedSql } from './rejected-images.ts';
import { keyObjectSql } from './sqlite-key-objects.ts';
import { jobSql } from './sqlite-jobs.ts';
import { queueDepthSql } from './sqlite-queue-depth.ts';
import { priorFetchSql } from './sqlite-prior-fetches.ts';
import { priorSql } from './sqlite-priors.ts';
import { quarantineSql } from './sqlite-quarantine.ts';
import { removalSql } from './sqlite-removals.ts';
import { retentionSql } from './sqlite-retention.ts';
import { runCostSql } from './sqlite-run-costs.ts';
import { runReleaseSql } from './sqlite-run-releases.ts';
import { traceFactSql } from './sqlite-trace-facts.ts';
import { storedStudySql } from './sqlite-stored-studies.ts';
import { sourceReleaseSql } from './sqlite-source-releases.ts';
import { studySql } from './sqlite-studies.ts';
import { studyListSql } from './sqlite-study-list.ts';
import { withdrawableSql } from './sqlite-withdrawable.ts';
import { inStudyStore, store } from './testing/study-store-world.ts';

inStudyStore();

describe('every hot query', () => {
  const parameters = (sql: string): SqlValue[] => Array.from(sql.matchAll(/\?/g), () => 1);

  it.each(
    Object.entries({
      ...studySql,
      ...jobSql,
      ...deliverySql,
      ...commitmentSql,
      ...commitmentRequestSql,
      ...holdSql,
      ...instanceSql,
      ...priorSql,
      ...priorFetchSql,
      ...quarantineSql,
      ...queueDepthSql,
      ...removalSql,
      ...retentionSql,
      ...storedStudySql,
      ...traceFactSql,
      ...studyListSql,
      ...withdrawableSql,
      ...sourceReleaseSql,
      ...keyObjectSql,
      ...rejectedSql,
      ...runReleaseSql,
      ...runCostSql,
    }),
  )('%s reads by an index and sorts nothing large', (_, sql) => {
    const steps = store
      .all<{ detail: string }>(
        `EXPLAIN QUERY PLAN ${sql}`,
        ...parameters(sql).map((value) => (sql.includes('json_each') && value === 1 ? '[]' : value)),
      )
      .map(({ detail }) => detail);
    const scans = steps.filter(
      (detail) => /^SCAN (?!json_each)/.test(detail) && !/USING (COVERING )?INDEX/.test(detail),
    );
    expect(scans).toEqual([]);
    expect(steps.filter((detail) => detail.includes('TEMP B-TREE FOR ORDER BY'))).toEqual([]);
  });

  it('has a plan that this test would refuse', () => {
    const steps = store.all<{ detail: string }>('EXPLAIN QUERY PLAN SELECT * FROM jobs WHERE slices = 1');
    expect(steps.map(({ detail }) => detail)).toEqual(['SCAN jobs']);
  });
});
