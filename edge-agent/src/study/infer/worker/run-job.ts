import { join } from 'node:path';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../decode/problem.ts';
import type { SliceReader } from '../../decode/slice-reader.ts';
import { buildReport } from '../../result/report.ts';
import type { ResultContext } from '../../result/result-context.ts';
import { buildSegmentation } from '../../result/segmentation.ts';
import { writeResult } from '../write-result.ts';
import type { Inferred, MadeObject, WorkerJob } from '../protocol.ts';
import { type LoadedRelease, type Segmented, segmentSeries } from './segment-series.ts';
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
  const segmented = await segmentSeries(job.files, loaded, threads);
  if (!segmented.ok) return segmented;
  const subject = await reader.readSubject(segmented.value.firstFile);
  if (!subject.ok) return subject;

  const resultBegun = performance.now();
  const { identity } = job;
  const objects = await writeObjects(job, segmented.value, {
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
  return ok({ objects, maskVoxels, volume_mL, localizersLeftOut, timings });
}

/** The segmentation first: the report refers to it, if there is one. */
async function writeObjects(job: WorkerJob, segmented: Segmented, context: ResultContext): Promise<MadeObject[]> {
  const { volume, mask, volume_mL } = segmented;
  const stage = context.release.stages.at(-1);
  const segment = stage?.segments[0]?.number ?? 1;
  const { uids, predecessors = [] } = job;
  const sources = volume.slices;
  const put = async (
    object: MadeObject['object'],
    sopClassUid: string,
    sopInstanceUid: string,
    seriesInstanceUid: string,
    bytes: Uint8Array,
  ): Promise<MadeObject> => {
    const file = `${object.toLowerCase()}.dcm`;
    const sha256 = await writeResult(join(job.outFolder, file), bytes);
    const transferSyntaxUid = EXPLICIT_LITTLE_ENDIAN;
    return { object, sopClassUid, sopInstanceUid, seriesInstanceUid, transferSyntaxUid, file, sha256 };
  };
  const made: MadeObject[] = [];
  if (job.objects.includes('SEG')) {
    const masks = [{ segment, voxels: mask }];
    const bytes = buildSegmentation({ ...context, uids, sources, geometry: volume.geometry, masks });
    made.push(await put('SEG', sopClasses.segmentation, uids.seg, uids.segSeries, bytes));
  }
  if (job.objects.includes('SR')) {
    const measurements = (stage?.measurements ?? [])
      .filter((wanted) => wanted.segment === segment)
      .map((wanted) => ({ segment: wanted.segment, volume_ml: volume_mL }));
    const segmentationMade = job.objects.includes('SEG');
    const bytes = buildReport({ ...context, uids, sources, segmentationMade, measurements, predecessors });
    made.push(await put('SR', sopClasses.comprehensiveSr, uids.sr, uids.srSeries, bytes));
  }
  return made;
}
