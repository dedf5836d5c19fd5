import { isSegmentation, type Stage } from '@collimator/shared/contracts/release';
import { fitPreprocessing } from '@collimator/shared/imaging/preprocess';
import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { volumeGeometryOf } from '../../../decode/series-images.ts';
import type { SliceReader } from '../../../decode/slice-reader.ts';
import type { WorkerJob } from '../../protocol.ts';
import type { JobRef, NextWork, Pipeline, StageWork } from '../../tasks.ts';
import { type ItemArrays, piecesOf } from './chunk-file.ts';
import { concludeStage } from './conclude-stage.ts';
import { type Given, wholeSeries } from './given.ts';
import { volumeWork } from './inputs.ts';
import type { LoadedRelease } from './loaded-release.ts';
import { createModelBatches, type ModelBatches } from './model-batches.ts';
import { createOpenJobs, type OpenJob } from './open-jobs.ts';
import { whyVolume } from './needs-volume.ts';
import { requirePipeline } from './require-pipeline.ts';
import type { SeriesPlan } from './plan.ts';
import { readSeries } from './read-series.ts';
import { givenTo } from './select.ts';
import type { SliceThreads } from './slices/slice-threads.ts';
import type { StageRun } from './stage-run.ts';
import { startTimes } from './task-times.ts';
import { detectItems } from './tasks/detect.ts';
import { scoreItems } from './tasks/scores.ts';
import { segmentItems } from './tasks/segment.ts';
import type { ItemRange } from './work-folder.ts';

export type PipelineDeps = {
  /** A loaded release by the digest of its release.json. */
  readonly release: (sha256: string) => LoadedRelease | undefined;
  readonly threads: SliceThreads;
  readonly reader: SliceReader;
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

type Loaded = { readonly stage: Stage; readonly model: ModelBatches; readonly last: boolean };

/**
 * The way of a job through one worker. Workers know of each other's work by the files in the job's work folder alone:
 * a worker may take any chunk of any job that was planned, by itself or by another one, and several at once: their
 * inputs are made side by side, and the model runs for one after the other.
 */
export function createPipeline(deps: PipelineDeps): Pipeline {
  const { threads } = deps;
  const jobs = createOpenJobs(threads);
  const models = new WeakMap<LoadedRelease, Map<number, ModelBatches>>();

  function loaded(sha256: string): LoadedRelease {
    const release = deps.release(sha256);
    if (release === undefined) throw new Error('the release is not loaded');
    return release;
  }

  function stageOf(release: LoadedRelease, index: number): Loaded {
    const [stage, session] = [release.release.stages[index], release.sessions[index]];
    if (stage === undefined || session === undefined) throw new RangeError(`stage ${index} is not loaded`);
    const known = models.get(release) ?? new Map<number, ModelBatches>();
    models.set(release, known);
    const model = known.get(index) ?? createModelBatches(stage, session);
    known.set(index, model);
    return { stage, model, last: index === release.release.stages.length - 1 };
  }

  /** What a stage has to do with what it is given; its plan is on the disk when this resolves. */
  async function planStage(
    { folder, series, source }: OpenJob,
    { stage, model, last }: Loaded,
    index: number,
    from: Given,
  ): Promise<Result<NextWork, Problem>> {
    const begun = performance.now();
    const given = givenTo(stage.unit, from);
    const fitted = await fitOf(stage, source, given);
    if (!fitted.ok) return fitted;
    const items =
      stage.unit === 'volume'
        ? volumeWork(stage, model, given, volumeGeometryOf(series.images)).tiling.starts.length
        : given.slices.length;
    const work: StageWork = { stage: index, items, chunkItemsMax: model.batchMax, shape: model.shape };
    await folder.writeStage({ work, given, last, states: fitted.value, decode_ms: performance.now() - begun });
    return ok({ work });
  }

  async function runOf(ref: JobRef, work: StageWork, batchMax?: number): Promise<StageRun> {
    const { stage, model } = stageOf(loaded(ref.releaseSha256), work.stage);
    const open = await jobs.open(ref.workFolder);
    return { stage, model, open, plan: await open.stage(work.stage), threads, batchMax };
  }

  return {
    async plan(job, ref) {
      const begun_ms = deps.now();
      const release = loaded(job.releaseSha256);
      requirePipeline(release.release);
      const read = await readSeries(job.files, threads, whyVolume(release.release.stages));
      if (!read.ok) return read;
      const series: SeriesPlan = { ...read.value, probabilities: needsProbabilities(job, release), begun_ms };
      const open = jobs.planned(ref.workFolder, series);
      await open.folder.writeSeries(series);
      return planStage(open, stageOf(release, 0), 0, wholeSeries(series.images));
    },
    async items(ref, work, from, to, batchMax) {
      const run = await runOf(ref, work, batchMax);
      const timing = startTimes(threads);
      const arrays = await runTask({ ...run, model: timing.model(run.model) }, { from, to });
      if (!arrays.ok) return arrays;
      const times = timing.times();
      await run.open.folder.writeChunk(work.stage, { from, to }, { arrays: arrays.value, times });
      for (const piece of Object.values(arrays.value).flatMap(piecesOf))
        if (!(piece instanceof Int32Array)) threads.memory.free(piece);
      return ok(times);
    },
    async conclude(job, ref, work) {
      const release = loaded(ref.releaseSha256);
      const run = await runOf(ref, work);
      const concluded = await concludeStage(job, run, release, deps);
      if (!concluded.ok) return concluded;
      if ('given' in concluded.value)
        return planStage(run.open, stageOf(release, work.stage + 1), work.stage + 1, concluded.value.given);
      jobs.close(ref.workFolder);
      await run.open.folder.remove();
      return ok({ inferred: concluded.value.inferred });
    },
    async tensors(releaseSha256, stage, inputs, outputs) {
      const session = loaded(releaseSha256).sessions[stage];
      if (session === undefined) throw new RangeError(`stage ${stage} is not loaded`);
      return session.run(inputs, outputs);
    },
  };
}

function runTask(run: StageRun, range: ItemRange): Promise<Result<ItemArrays, Problem>> {
  const { stage } = run;
  if (isSegmentation(stage)) return segmentItems(run, stage, range);
  return stage.task === 'detection' ? detectItems(run, stage, range) : scoreItems(run, range);
}

/** What the ops of slices find out of all of them together; those of a volume see all of it anyway. */
async function fitOf(
  stage: Stage,
  source: OpenJob['source'],
  given: Given,
): Promise<Result<ReturnType<typeof fitPreprocessing>['states'], Problem>> {
  if (stage.unit === 'volume') return ok([]);
  const whole = stage.preprocessing.some((op) => 'scope' in op && op.scope === 'series');
  const slices = whole ? await source.all(given) : ok([]);
  if (!slices.ok) return slices;
  const { states } = fitPreprocessing(slices.value, stage.preprocessing);
  // A state goes through JSON, which has no infinity.
  const unusable = states.some((state) =>
    Object.values(state).some((value) => typeof value === 'number' && !Number.isFinite(value)),
  );
  return unusable ? err({ code: 'image-unsupported', detail: 'pixels that are not finite numbers' }) : ok(states);
}

function needsProbabilities(job: WorkerJob, { release }: LoadedRelease): boolean {
  const stage = release.stages.at(-1);
  if (stage === undefined || !isSegmentation(stage)) return false;
  return (
    stage.abstain !== undefined ||
    job.objects.includes('PM') ||
    (job.objects.includes('SEG') && job.style.segmentation === 'probability')
  );
}
