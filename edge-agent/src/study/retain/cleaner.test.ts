import { expect, it, vi } from 'vitest';
import { createStudyGate } from '../receive/study-gate.ts';
import { type CleanerDeps, createCleaner } from './cleaner.ts';

const study = { studyId: 1, studyInstanceUid: '1.2', lastReceived_ms: 0, lastInstanceId: 1 };
const policy = { highWatermark: 0.5, keepMin_ms: 0, keepMax_ms: undefined, keepPriors_ms: 0 };
/** A full disk, and nothing to be done beside. */
const deps = {
  policy: { ...policy, withdrawable: { keep_ms: 0, jobsMax: 1 } },
  withdrawable: { ofStudy: () => [], about: async () => undefined, forget: async () => [], count: () => 0 },
  keepSubject: () => Promise.reject(new Error('nothing is kept')),
  dataDir: '/nowhere',
  removal: { run: async () => undefined },
  gate: createStudyGate(),
  used: () => 0.9,
  expireQuarantine: async () => 0,
  now: () => 100_000,
  after: () => () => undefined,
  interval_ms: 60_000,
  onRemoved: () => undefined,
  checkpoint: () => undefined,
  log: { event: () => undefined },
} satisfies Omit<CleanerDeps, 'retention'>;

it('a study that is in use when its turn comes goes soon after, not at the next look at the disk', async () => {
  const gate = createStudyGate();
  let here = true;
  const waits: number[] = [];
  let next: () => void = () => undefined;
  const cleaner = createCleaner({
    retention: {
      oldestSettled: (except) => (here && !except.includes(1) ? study : undefined),
      oldestPrior: () => undefined,
      letGo: async () => {
        here = false;
        return [];
      },
    },
    ...deps,
    gate,
    after: (ms, work) => {
      waits.push(ms);
      next = work;
      return () => undefined;
    },
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

it('a study goes also when nothing can be kept of it, which is told', async () => {
  const events: unknown[] = [];
  const kept: unknown[] = [];
  let here = true;
  const aJob = (jobId: number) => ({ jobId, results: [], files: [] });
  const cleaner = createCleaner({
    ...deps,
    retention: {
      oldestSettled: () => (here ? study : undefined),
      oldestPrior: () => undefined,
      letGo: async (_, jobs) => {
        here = false;
        kept.push(...jobs);
        return [];
      },
    },
    policy: { ...policy, withdrawable: { keep_ms: 1_000, jobsMax: 9 } },
    withdrawable: { ...deps.withdrawable, ofStudy: () => [aJob(1), aJob(2)] },
    keepSubject: async (job) => {
      if (job.jobId === 1) throw new Error('no space left');
      return { ...job, subjectPath: 'withdrawable/2.dcm' };
    },
    log: { event: (name, fields) => void events.push({ name, ...fields }) },
  });
  cleaner.start();
  await vi.waitFor(() => expect(here).toBe(false));
  await cleaner.stop();
  expect(kept).toEqual([{ ...aJob(2), subjectPath: 'withdrawable/2.dcm' }]);
  expect(events).toContainEqual({ name: 'withdrawable-not-kept', job: 1, reason: 'no space left' });
});
