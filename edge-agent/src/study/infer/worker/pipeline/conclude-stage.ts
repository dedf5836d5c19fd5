import { isSegmentation, type Stage } from '@collimator/shared/contracts/release';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { volumeGeometryOf } from '../../../decode/series-images.ts';
import type { SliceReader } from '../../../decode/slice-reader.ts';
import type { Inferred, WorkerJob } from '../../protocol.ts';
import type { Given } from './given.ts';
import type { LoadedRelease } from './loaded-release.ts';
import { classify, putClassification } from './results/classification.ts';
import { putDetection } from './results/detection.ts';
import { putRegression, regress } from './results/regression.ts';
import {
  createResultWriter,
  type Made,
  ofVolume,
  putStatus,
  type ResultInput,
  type ResultWriter,
} from './results/result-writer.ts';
import { putSegmentation } from './results/segmentation.ts';
import { regionOf, slicesOf } from './select.ts';
import type { StageRun } from './stage-run.ts';
import { addTimes, type TimesSum } from './task-times.ts';
import { collectFindings } from './tasks/detect.ts';
import { type Chunks, collectMasks } from './tasks/masks.ts';
import { collectScores } from './tasks/scores.ts';

export type ConcludeDeps = { readonly reader: SliceReader; readonly now: () => number };

/** What the next stage works on; or the results on the disk. */
export type Concluded = { readonly given: Given } | { readonly inferred: Inferred };

/** Puts the outputs of a stage's items together, and makes of them what the release says. */
export async function concludeStage(
  job: WorkerJob,
  run: StageRun,
  loaded: LoadedRelease,
  deps: ConcludeDeps,
): Promise<Result<Concluded, Problem>> {
  const begun = performance.now();
  const { open, plan, stage } = run;
  const times: TimesSum = { decode_ms: plan.decode_ms, preprocess_ms: 0, infer_ms: 0, result_ms: 0 };
  const chunks = timed(open.folder.chunks(plan.work.stage, plan.work.items), times);
  if (!plan.last) {
    const given = await nextGiven(run, chunks);
    if (given !== undefined) return ok({ given });
  }
  const subject = await deps.reader.readSubject(open.series.frames[0]?.file ?? '');
  if (!subject.ok) return subject;
  const { identity } = job;
  const { images, begun_ms } = open.series;
  const input: ResultInput = {
    ...{ job, images, slice: (index) => open.source.slice(index) },
    context: {
      now: new Date(identity.at_ms),
      device: { id: identity.deviceSerial, softwareVersion: identity.agentVersion },
      release: loaded.release,
      releaseSha256: loaded.sha256,
      subject: subject.value,
      ...(job.remote !== undefined && { remote: job.remote }),
      ...(job.priors?.why !== undefined && { withoutPriors: job.priors.why }),
    },
  };
  const writer = createResultWriter(job);
  const made = plan.last ? await putResults(run, chunks, input, writer) : await putNothing(stage, input, writer);
  const timings = {
    decode_ms: times.decode_ms + times.preprocess_ms,
    infer_ms: times.infer_ms,
    result_ms: times.result_ms + performance.now() - begun,
    total_ms: deps.now() - begun_ms,
  };
  const { localizersLeftOut } = images;
  return ok({ inferred: { ...made, objects: writer.objects, localizersLeftOut, timings } });
}

async function putResults(run: StageRun, chunks: Chunks, input: ResultInput, writer: ResultWriter): Promise<Made> {
  const { stage, plan } = run;
  if (isSegmentation(stage)) return putSegmentation(ofVolume(input), await collectMasks(run, stage, chunks), writer);
  if (stage.task === 'detection') return putDetection(input, stage, await collectFindings(run, stage, chunks), writer);
  const scores = await collectScores(run, chunks);
  if (stage.task === 'regression') return putRegression(input, stage, regress(stage, scores), writer);
  const slices = stage.unit === 'slice' ? plan.given.slices : [];
  return putClassification(input, stage, classify(stage, scores), slices, writer);
}

/** What a stage that is not the last selects; nothing where it finds nothing. */
async function nextGiven(run: StageRun, chunks: Chunks): Promise<Given | undefined> {
  const { stage, plan, open } = run;
  const { images } = open.series;
  if (isSegmentation(stage)) return regionOf(stage, await collectMasks(run, stage, chunks), volumeGeometryOf(images));
  if (stage.task !== 'classification') throw new RangeError(`a stage of ${stage.task} selects nothing`);
  return slicesOf(stage, classify(stage, await collectScores(run, chunks)), plan.given, images.geometry);
}

async function putNothing(stage: Stage, input: ResultInput, writer: ResultWriter): Promise<Made> {
  const outcome = ('selection' in stage ? stage.selection?.none : undefined) ?? 'no-finding';
  const reason = `Stage ${stage.name} found nothing for the next one to look at`;
  await putStatus(input, { outcome, reason, stated: [] }, writer);
  return { outcome, maskVoxels: 0, volume_mL: 0 };
}

/** The chunks as they are read, with their times added up. */
async function* timed(chunks: Chunks, times: TimesSum): Chunks {
  for await (const chunk of chunks) {
    addTimes(times, chunk.outputs.times);
    yield chunk;
  }
}
