import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@collimator/shared/observe/log';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createOutbox, type Outbox, pendingSql, type Report } from './outbox.ts';

const migrations = new URL('../store/migrations/', import.meta.url);
const entry = (detail: string): Report => ({
  release: { name: 'brain-mask-t1', version: '1.0.0', sha256: 'a'.repeat(64) },
  assignment: 1,
  phase: 'active',
  detail,
});

describe('the outbox', () => {
  let folder: string;
  let store: Store;
  const open = (entriesMax?: number): Outbox =>
    createOutbox({
      store,
      deviceId: 'RAD-0001',
      now: () => new Date('2026-11-23T15:00:00Z'),
      log: silentLog,
      ...(entriesMax !== undefined && { entriesMax }),
    });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
    store = await openStore({ file: join(folder, 'agent.sqlite'), migrations });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it('numbers events without a gap, also over a restart and after deletions', async () => {
    const first = open();
    await Promise.all(['a', 'b', 'c'].map((detail) => first.report(entry(detail))));
    expect(await first.acknowledge(3)).toBe(true);
    await store.close();
    store = await openStore({ file: join(folder, 'agent.sqlite'), migrations });
    const second = open();
    expect(second.size()).toBe(0);
    expect(await second.report(entry('d'))).toBe(4);
    expect(second.pending(0, 10).map((e) => [e.seq, e.detail])).toEqual([[4, 'd']]);
  });

  it('keeps everything that was not acknowledged', async () => {
    const outbox = open();
    for (const detail of ['a', 'b', 'c', 'd']) await outbox.report(entry(detail));
    expect(await outbox.acknowledge(2)).toBe(true);
    expect(outbox.pending(0, 10).map((e) => e.seq)).toEqual([3, 4]);
    expect(outbox.pending(3, 10).map((e) => e.seq)).toEqual([4]);
  });

  it('refuses an acknowledgement of what was never given out', async () => {
    const outbox = open();
    await outbox.report(entry('a'));
    expect(await outbox.acknowledge(2)).toBe(false);
    expect(outbox.size()).toBe(1);
  });

  it('takes nothing more when it is full, leaves no gap, and takes again when there is room', async () => {
    const outbox = open(3);
    const reports = ['a', 'b', 'c', 'd'].map((detail) => outbox.report(entry(detail)));
    const outcomes = await Promise.allSettled(reports);
    expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect((outcomes[3] as PromiseRejectedResult).reason).toMatchObject({ code: 'outbox-full', class: 'transient' });
    expect(outbox.refused()).toBe(1);
    await outbox.acknowledge(1);
    expect(await outbox.report(entry('d'))).toBe(4);
    expect(outbox.pending(0, 10).map((e) => e.seq)).toEqual([2, 3, 4]);
  });

  it('reads by its key', () => {
    const plan = store.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${pendingSql}`, 0, 10).map((row) => row.detail);
    expect(plan).toEqual(['SEARCH outbox USING INTEGER PRIMARY KEY (rowid>?)']);
  });

  it('holds exactly the numbers above the highest acknowledgement', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(fc.constant('report'), fc.nat(12)), { maxLength: 20 }), async (steps) => {
        const outbox = open();
        const start = outbox.lastSeq();
        await outbox.acknowledge(start);
        let last = start;
        let through = start;
        const answers: unknown[] = [];
        const due: unknown[] = [];
        for (const step of steps) {
          if (typeof step === 'number') {
            const target = start + step;
            answers.push(await outbox.acknowledge(target));
            due.push(target <= last);
            if (target <= last) through = Math.max(through, target);
          } else {
            last += 1;
            answers.push(await outbox.report(entry('x')));
            due.push(last);
          }
        }
        expect(answers).toEqual(due);
        const expected = Array.from({ length: last - through }, (_, i) => through + 1 + i);
        expect(outbox.pending(0, 100).map((e) => e.seq)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });
});
