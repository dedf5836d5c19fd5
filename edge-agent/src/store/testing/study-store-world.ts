import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openStore } from '@collimator/shared/sqlite/open-store';
import type { Store } from '@collimator/shared/sqlite/store';
import type { OpenStudy } from '../../study/assemble/complete/completion.ts';
import type { JobPlan, PlannedJob } from '../../study/assemble/route/plan-jobs.ts';
import { type Job, step } from '../../study/queue/job-state.ts';
import type { InstanceHeader } from '../../study/receive/header/instance-header.ts';
import { createSqliteInstanceIndex } from '../sqlite-instance-index.ts';
import { createSqliteJobs, type JobRow, type StoredResult } from '../sqlite-jobs.ts';
import { createSqliteStudies } from '../sqlite-studies.ts';

// A database for tests, and the short way to rows in it.

let folder: string;
export let store: Store;
export let now = 1_000;
export const stored: { id: number; own: boolean }[] = [];

/** Each test of the file that calls this has a database of its own. */
export function inStudyStore(): void {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'study-store-'));
    now = 1_000;
    stored.length = 0;
    await reopen();
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });
}

export async function reopen(): Promise<void> {
  store = await openStore({
    file: join(folder, 'agent.sqlite'),
    migrations: new URL('../migrations/', import.meta.url),
  });
}

export const header = (
  study: string,
  series: string,
  instance: string,
  more: Partial<InstanceHeader> = {},
): InstanceHeader => ({
  sopClassUid: '1.2.840.10008.5.1.4.1.1.4',
  sopInstanceUid: instance,
  studyInstanceUid: study,
  seriesInstanceUid: series,
  frameOfReferenceUid: null,
  instanceCreatorUid: null,
  patient: { id: 'P1', issuer: '', name: 'A^B', birthDate: '' },
  modality: 'MR',
  bodyPart: null,
  seriesDescription: 'T1',
  instanceNumber: 1,
  rows: 1,
  columns: 1,
  numberOfFrames: null,
  imagePosition_mm: null,
  imageOrientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing_mm: null,
  sliceThickness_mm: null,
  transferSyntaxUid: '1.2.840.10008.1.2.1',
  dataSetSha256: `sha of ${instance}`,
  dataSetBytes: 1,
  callingAeTitle: 'A',
  calledAeTitle: 'B',
  remoteAddress: '127.0.0.1',
  associationId: 'x',
  ...more,
});

export const index = () =>
  createSqliteInstanceIndex({
    store,
    now: () => now,
    patientKey: ({ id }) => `key of ${id}`,
    onStored: (id, own) => stored.push({ id, own }),
  });
export const record = (...args: Parameters<typeof header>) => index().record(header(...args), `studies/${args[2]}.dcm`);

export const planned = (seriesId: number, through: number, more: Partial<PlannedJob> = {}): PlannedJob => ({
  seriesId,
  seriesThrough: through,
  slices: 1,
  releaseName: 'a',
  releaseVersion: '1.0.0',
  releaseSha256: 'sha-a',
  priority: 2,
  routes: ['a'],
  ...more,
});
export const plan = (jobs: readonly PlannedJob[], waits: readonly string[] = []): JobPlan => ({
  jobs,
  waits,
  decisions: [],
});

/** Takes in the only open study, with the jobs that are made of its series. */
export async function complete(makeJobs: (seriesId: number, through: number) => JobPlan): Promise<number> {
  const studies = createSqliteStudies(store);
  const [open] = studies.open(1) as [OpenStudy];
  const series = studies.series(open.studyId, open.lastInstanceId);
  const plans = series.map(({ seriesId, through }) => makeJobs(seriesId, through));
  const whole = plan(
    plans.flatMap(({ jobs }) => jobs),
    plans[0]?.waits,
  );
  return studies.complete(open, open.revision + 1, series, whole, [], now);
}

export const aResult = (sopInstanceUid: string): StoredResult => ({
  ...{ object: 'SEG', sopClassUid: '1', transferSyntaxUid: '1', path: 'p', sha256: 's', seriesInstanceUid: '1' },
  sopInstanceUid,
  destinations: ['pacs'],
});

export const move = async (row: JobRow, ...events: Parameters<typeof step>[1][]): Promise<JobRow> => {
  let job: Job = row.job;
  for (const event of events) {
    const next = step(job, event);
    if (!next.ok) throw new Error(next.error);
    await createSqliteJobs(store).move({ ...row, job }, next.value, now);
    job = next.value;
  }
  return { ...row, job };
};

/** Stores the results of a running job. */
export async function infer(row: JobRow, results: readonly StoredResult[]): Promise<void> {
  const inferred = step(row.job, { type: 'inferred' });
  if (!inferred.ok) throw new Error(inferred.error);
  await createSqliteJobs(store).finish(row, inferred.value, results, undefined, now);
}

/** The clock of the tests. */
export function setNow(now_ms: number): void {
  now = now_ms;
}
