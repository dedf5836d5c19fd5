import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../decode/problem.ts';
import type { SliceReader } from '../../decode/slice-reader.ts';
import type { Inferred, WorkerJob } from '../protocol.ts';
import { makeObjects } from './make-objects.ts';
import { type LoadedRelease, segmentSeries } from './segment-series.ts';
import type { SliceThreads } from './slices/slice-threads.ts';

/**
 * From the images of a series to its results on disk, under the UIDs of the job.
 *
 * @returns a problem of the input, which no other attempt can cure; what throws may go better next time
 */
export async function runJob(
  job: WorkerJob,
  loaded: LoadedRelease,
  reader: SliceReader,
  threads: SliceThreads,
): Promise<Result<Inferred, Problem>> {
  const begun = performance.now();
  const probabilities =
    loaded.model.stage.abstain !== undefined ||
    job.objects.includes('PM') ||
    (job.objects.includes('SEG') && job.style.segmentation === 'probability');
  const segmented = await segmentSeries(job.files, loaded, threads, { probabilities });
  if (!segmented.ok) return segmented;
  const subject = await reader.readSubject(segmented.value.firstFile);
  if (!subject.ok) return subject;

  const resultBegun = performance.now();
  const { identity } = job;
  const { outcome, objects } = await makeObjects(job, segmented.value, {
    now: new Date(identity.at_ms),
    device: { id: identity.deviceSerial, softwareVersion: identity.agentVersion },
    release: loaded.release,
    releaseSha256: loaded.sha256,
    subject: subject.value,
  });
  const { maskVoxels, volume_mL, decode_ms, infer_ms } = segmented.value;
  const ended = performance.now();
  const timings = { decode_ms, infer_ms, result_ms: ended - resultBegun, total_ms: ended - begun };
  const { localizersLeftOut } = segmented.value.volume;
  return ok({ outcome, objects, maskVoxels, volume_mL, localizersLeftOut, timings });
}
