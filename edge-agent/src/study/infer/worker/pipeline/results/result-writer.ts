import { join } from 'node:path';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import { type SeriesImages, volumeGeometryOf } from '../../../../decode/series-images.ts';
import type { Volume } from '../../../../decode/volume.ts';
import { reportClasses } from '../../../../result/report/report-document.ts';
import { buildStatusReport } from '../../../../result/report/status-report.ts';
import type { Stated } from '../../../../result/report/qualitative-evaluations.ts';
import type { ResultContext } from '../../../../result/result-context.ts';
import type { InferredOutcome, MadeObject, WorkerJob } from '../../../protocol.ts';
import { writeResult } from '../../../write-result.ts';

export type ObjectIdentity = Pick<MadeObject, 'sopClassUid' | 'sopInstanceUid' | 'seriesInstanceUid'>;

export const identity = (sopClassUid: string, sopInstanceUid: string, seriesInstanceUid: string): ObjectIdentity => ({
  sopClassUid,
  sopInstanceUid,
  seriesInstanceUid,
});

/** What results are made from, whatever the task. */
export type ResultInput = {
  readonly job: WorkerJob;
  readonly context: ResultContext;
  readonly images: Pick<SeriesImages, 'geometry' | 'slices'>;
  /** Decodes one of the images once more; throws when that fails now. */
  readonly slice: (index: number) => Promise<SourceSlice>;
};

/** The same of images that are a volume. */
export type VolumeInput = ResultInput & { readonly images: Pick<Volume, 'geometry' | 'slices'> };

/** @throws RangeError for images that are none */
export const ofVolume = (input: ResultInput): VolumeInput => ({
  ...input,
  images: { ...input.images, geometry: volumeGeometryOf(input.images) },
});

/** What became of a job, and figures of it for the log. */
export type Made = {
  readonly outcome: InferredOutcome;
  readonly maskVoxels: number;
  readonly volume_mL: number;
};

/** Writes the objects of one job and keeps account of them. */
export type ResultWriter = {
  readonly objects: readonly MadeObject[];
  put(object: MadeObject['object'], its: ObjectIdentity, content: Uint8Array | Iterable<Uint8Array>): Promise<void>;
};

export function createResultWriter({ outFolder }: WorkerJob): ResultWriter {
  const objects: MadeObject[] = [];
  return {
    objects,
    async put(object, its, content) {
      const ordinal = objects.filter((one) => one.object === object).length + 1;
      const file = `${object.toLowerCase()}${ordinal === 1 ? '' : `-${ordinal}`}.dcm`;
      const sha256 = await writeResult(join(outFolder, file), content);
      objects.push({ object, ordinal, ...its, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, file, sha256 });
    },
  };
}

/** The report of an outcome without a measurement, where the job asks for it. */
export async function putStatus(
  { job, context, images }: ResultInput,
  told: { readonly outcome: 'no-finding' | 'abstained'; readonly reason: string; readonly stated: readonly Stated[] },
  { put }: Pick<ResultWriter, 'put'>,
): Promise<void> {
  const { uids, style, predecessors = [] } = job;
  if (!job.objects.includes('SR') || !style.outcomes[told.outcome]) return;
  const file = buildStatusReport({
    ...{ ...context, ...told, uids, predecessors, kind: style.report },
    sources: images.slices,
  });
  await put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), file);
}
