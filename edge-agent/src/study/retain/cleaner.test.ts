import { expect, it, vi } from 'vitest';
import { createStudyGate } from '../receive/study-gate.ts';
import { createCleaner } from './cleaner.ts';

it('a study that is in use when its turn comes goes soon after, not at the next look at the disk', async () => {
  const gate = createStudyGate();
  const study = { studyId: 1, studyInstanceUid: '1.2', lastReceived_ms: 0, lastInstanceId: 1 };
  let here = true;
  const waits: number[] = [];
  let next: () => void = () => undefined;
  const cleaner = createCleaner({
    retention: {
      oldestSettled: (except) => (here && !except.includes(1) ? study : undefined),
      letGo: async () => {
        here = false;
        return [];
      },
    },
    policy: { highWatermark: 0.5, keepMin_ms: 0, keepMax_ms: undefined },
    dataDir: '/nowhere',
    removal: { run: async () => undefined },
    gate,
    used: () => 0.9,
    expireQuarantine: async () => 0,
    now: () => 100_000,
    after: (ms, work) => {
      waits.push(ms);
      next = work;
      return () => undefined;
    },
    interval_ms: 60_000,
    onRemoved: () => undefined,
    checkpoint: () => undefined,
    log: { event: () => undefined },
  });
  let done: () => void = () => undefined;
  const inUse = gate.enter('1.2', () => new Promise<void>((resolve) => (done = resolve)));
  cleaner.start();
  await vi.waitFor(() => expect(waits).toEqual([1_000]));
  done();
  await inUse;
  next();
  await vi.waitFor(() => expect(here).toBe(false));
  await cleaner.stop();
});
