import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSliceReader } from '@collimator/edge-agent/study/decode/slice-reader';
import type { Inferred, WorkerJob } from '@collimator/edge-agent/study/infer/protocol';
import type { JobRef, NextWork, Pipeline, StageWork } from '@collimator/edge-agent/study/infer/tasks';
import type { LoadedRelease } from '@collimator/edge-agent/study/infer/worker/pipeline/loaded-release';
import { openLocalSession } from '@collimator/edge-agent/study/infer/worker/pipeline/local-session';
import { createPipeline } from '@collimator/edge-agent/study/infer/worker/pipeline/pipeline';
import {
  startSliceThreads,
  type SliceThreads,
} from '@collimator/edge-agent/study/infer/worker/pipeline/slices/slice-threads';
import {
  type Release,
  release as releaseContract,
  type ReleaseDeclaration,
} from '@collimator/shared/contracts/release';
import { writeMrSeries } from '../../fixtures/mr-series/make-series.ts';
import { t1Volume } from '../../conformance/results/series.ts';
import { radiograph } from '../../peers/radiographs.ts';
import { cpuDevice } from '../study-way/run-whole-job.ts';
import { modelOf } from './example-models.ts';

/** Enough of a head for every example. */
const block = { first: 30, count: 24 } as const;

/** Real slices, and releases with tiny models beside them. */
export type ExampleWorld = {
  readonly folder: string;
  readonly files: readonly string[];
  /** Chest radiographs of one series, which nobody here made. */
  readonly radiographs: readonly string[];
  load(declared: ReleaseDeclaration): Promise<LoadedRelease & { readonly folder: string }>;
  /** A pipeline as a worker of its own has it. */
  worker(loaded: LoadedRelease): Promise<Pipeline>;
  job(loaded: LoadedRelease, more?: Partial<WorkerJob>): { readonly job: WorkerJob; readonly ref: JobRef };
  close(): Promise<void>;
};

export async function openExampleWorld(): Promise<ExampleWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'pipelines-'));
  const { explicit: files } = await writeMrSeries({ volume: t1Volume, out: join(folder, 'series'), block });
  // Not in the order of their numbers.
  const radiographs = [await radiograph('RG1_UNCI'), await radiograph('RG1_UNCR')];
  const threads: SliceThreads[] = [];
  let jobs = 0;
  return {
    folder,
    files,
    radiographs,
    async load(declared) {
      const where = join(folder, declared.name);
      await mkdir(join(where, 'golden'), { recursive: true });
      const listed: Record<string, Release['files'][string]> = {};
      for (const stage of declared.stages) {
        const model = modelOf(stage);
        await writeFile(join(where, stage.model), model);
        listed[stage.model] = {
          sha256: createHash('sha256').update(model).digest('hex'),
          bytes: model.length,
          chunks: [],
        };
      }
      const release = releaseContract.parse(
        {
          ...declared,
          created: '2026-01-02T03:04:05Z',
          reference: { file: 'reference.json', studies: 0 },
          evaluation: { dataset: 'none', note: 'none', metrics: {} },
          provenance: { engine: 'none', run: 'r-1', dataset: 'none', code: 'none', seed: 1 },
          files: listed,
        },
        declared.name,
      );
      const text = JSON.stringify(release);
      await writeFile(join(where, 'release.json'), text);
      const sessions = [];
      for (const stage of release.stages) sessions.push(await openLocalSession(where, release, stage, cpuDevice));
      return { sha256: createHash('sha256').update(text).digest('hex'), release, sessions, folder: where };
    },
    async worker(loaded) {
      const its = startSliceThreads(1);
      threads.push(its);
      const release = (sha256: string) => (sha256 === loaded.sha256 ? loaded : undefined);
      return createPipeline({ release, threads: its, reader: await createSliceReader(), now: () => 0 });
    },
    job({ sha256 }, more = {}) {
      const jobId = ++jobs;
      const job: WorkerJob = {
        ...{ jobId, releaseSha256: sha256, files, outFolder: join(folder, `out-${jobId}`) },
        objects: ['SEG', 'SR', 'SC', 'GSPS'],
        style: {
          report: 'comprehensive',
          segmentation: 'binary',
          keyImages: { most: 2 },
          outcomes: { 'no-finding': true, abstained: true },
        },
        uids: { seg: '2.25.1', segSeries: '2.25.2', sr: '2.25.3', srSeries: '2.25.4' },
        identity: { deviceSerial: 'T', agentVersion: '0.0.0', at_ms: 1_000_000 },
        ...more,
      };
      return { job, ref: { jobId, releaseSha256: sha256, workFolder: join(folder, `work-${jobId}`) } };
    },
    async close() {
      await Promise.all(threads.map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Cuts the items of a stage into chunks and says which worker does which, in the order they are done. */
export type Split = (
  work: StageWork,
) => readonly { readonly worker: number; readonly from: number; readonly to: number }[];

export const evenly: Split = ({ items, chunkItemsMax }) =>
  Array.from({ length: Math.ceil(items / chunkItemsMax) }, (_, i) => ({
    worker: 0,
    from: i * chunkItemsMax,
    to: Math.min(items, (i + 1) * chunkItemsMax),
  }));

/** Runs a job to its end over some workers. Throws for a problem of the input. */
export async function runOver(
  workers: readonly Pipeline[],
  { job, ref }: ReturnType<ExampleWorld['job']>,
  split: Split = evenly,
): Promise<Inferred> {
  const [first] = workers as [Pipeline];
  let next: NextWork = must(await first.plan(job, ref));
  while ('work' in next) {
    const { work }: { readonly work: StageWork } = next;
    for (const { worker, from, to } of split(work))
      must(await (workers[worker % workers.length] as Pipeline).items(ref, work, from, to));
    next = must(await (workers.at(-1) as Pipeline).conclude(job, ref, work));
  }
  return next.inferred;
}

function must<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly error: { readonly code: string; readonly detail: string } },
): T {
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.detail}`);
  return result.value;
}

export const readObject = (job: WorkerJob, inferred: Inferred, object: string): Promise<Buffer> => {
  const made = inferred.objects.find((one) => one.object === object);
  if (made === undefined) throw new Error(`no ${object} was made`);
  return readFile(join(job.outFolder, made.file));
};
