import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Assignment } from '@collimator/shared/contracts/messages';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { getAssignmentSql, sqliteAssignments } from './announce/sqlite-assignments.ts';
import { getActiveSql } from './swap/active-releases.ts';

let dir: string;
let store: Store;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'collimator-models-'));
  const migrations = new URL('../../src/store/migrations/', import.meta.url);
  store = await openStore({ file: join(dir, 'agent.sqlite'), migrations });
});
afterEach(async () => {
  await store.close();
  await rm(dir, { recursive: true });
});

test.each([getAssignmentSql, getActiveSql])('is answered from an index: %s', (sql) => {
  const steps = store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, 'brain');
  expect(steps.map(({ detail }) => detail)).toEqual([expect.stringMatching(/^SEARCH .* USING PRIMARY KEY/)]);
});

test('a serial never goes back, in whatever order assignments are accepted', async () => {
  const assignments = sqliteAssignments(store);
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 8 }), async (serials) => {
      const name = `brain-${(run += 1)}`;
      for (const serial of serials) {
        const release = { name, version: '1.0.0', sha256: String(serial).repeat(64) };
        await assignments.accept({ serial, release } as Assignment, Buffer.of(serial));
      }
      const highest = Math.max(...serials);
      expect(assignments.get(name)).toMatchObject({
        serial: highest,
        envelope: Buffer.of(highest),
        phase: 'announced',
      });
    }),
    { numRuns: 30 },
  );
});

test('what was put off keeps its reason until something new is heard', async () => {
  const assignments = sqliteAssignments(store);
  const release = { name: 'brain', version: '1.0.0', sha256: 'a'.repeat(64) };
  await assignments.accept({ serial: 1, release } as Assignment, Buffer.of(1));
  const at = new Date('2026-11-23T12:00:00Z');
  const refusal = { code: 'golden-mismatch', detail: 'differs' } as const;
  await assignments.putOff(assignments.get('brain')!, refusal, at, true);
  expect(assignments.get('brain')).toMatchObject({ phase: 'refused', reported: false, attempts: 1, retryAt: at });
  await assignments.retryNow();
  expect(assignments.get('brain')).toMatchObject({ phase: 'refused', code: 'golden-mismatch', retryAt: undefined });
});
