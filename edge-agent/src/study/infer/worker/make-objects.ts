import { join } from 'node:path';
import type { Segment } from '@collimator/shared/contracts/release';
import { EXPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { DeclaredWindow, SliceHeader } from '../../decode/slice-header.ts';
import { keySlices } from '../../measure/key-slices.ts';
import { outlinesOf } from '../../measure/outlines.ts';
import { segmentFindings, statementFindings } from '../../measure/segment-findings.ts';
import { derivedUid } from '../../result/elements/derived-uid.ts';
import { parametricMapFile } from '../../result/image/parametric-map.ts';
import { type Annotated, buildPresentationState } from '../../result/image/presentation-state.ts';
import { buildReport } from '../../result/report/report.ts';
import { reportClasses } from '../../result/report/report-document.ts';
import { type ResultContext, resultStage } from '../../result/result-context.ts';
import { buildSecondaryCapture } from '../../result/image/secondary-capture.ts';
import { segmentationFile } from '../../result/image/segmentation.ts';
import { buildStatusReport } from '../../result/report/status-report.ts';
import { windowDeclared, windowOf } from '../../result/image/window.ts';
import type { InferredOutcome, MadeObject, WorkerJob } from '../protocol.ts';
import { writeResult } from '../write-result.ts';
import { fractionsOf, outcomeOf } from './outcome.ts';
import type { Segmented } from './segment-series.ts';

type Made = { readonly outcome: InferredOutcome; readonly objects: readonly MadeObject[] };
type Put = (
  object: MadeObject['object'],
  identity: Pick<MadeObject, 'sopClassUid' | 'sopInstanceUid' | 'seriesInstanceUid'>,
  content: Uint8Array | Iterable<Uint8Array>,
) => Promise<void>;

/**
 * Writes the objects that the job asks for. Where nothing is marked, or the model abstains, there is nothing to show:
 * the report says so, and a parametric map is made all the same unless the model abstains.
 */
export async function makeObjects(job: WorkerJob, segmented: Segmented, context: ResultContext): Promise<Made> {
  const objects: MadeObject[] = [];
  const put: Put = async (object, identity, content) => {
    const ordinal = objects.filter((one) => one.object === object).length + 1;
    const file = `${object.toLowerCase()}${ordinal === 1 ? '' : `-${ordinal}`}.dcm`;
    const sha256 = await writeResult(join(job.outFolder, file), content);
    objects.push({ object, ordinal, ...identity, transferSyntaxUid: EXPLICIT_LITTLE_ENDIAN, file, sha256 });
  };
  const stage = resultStage(context.release);
  const { outcome, reason } = outcomeOf(stage, segmented);
  if (outcome === 'measured') await writeFindings(job, segmented, context, put);
  else if (job.objects.includes('SR') && job.style.outcomes[outcome])
    await writeStatus(job, segmented, { ...context, outcome, reason }, put);
  if (job.objects.includes('PM') && outcome !== 'abstained') await writeMap(job, segmented, context, put);
  return { outcome, objects };
}

/** The segmentation first: the report refers to it, if there is one. */
async function writeFindings(job: WorkerJob, segmented: Segmented, context: ResultContext, put: Put): Promise<void> {
  const { volume, mask } = segmented;
  const { uids, style, predecessors = [] } = job;
  const stage = resultStage(context.release);
  const segment = segmentOf(context);
  const masks = [{ segment: segment.number, voxels: mask }];
  const sources = volume.slices;
  const segmentationMade = job.objects.includes('SEG');
  if (segmentationMade) {
    const fractional = style.segmentation === 'probability' ? ('PROBABILITY' as const) : undefined;
    const voxels = fractional === undefined ? mask : fractionsOf(segmented);
    const written = [{ segment: segment.number, voxels }];
    const input = { ...context, uids, sources, geometry: volume.geometry, masks: written };
    const file = segmentationFile({ ...input, ...(fractional !== undefined && { fractional }) });
    await put('SEG', identity(sopClasses.segmentation, uids.seg, uids.segSeries), file);
  }
  if (job.objects.includes('SR')) {
    const findings = await segmentFindings(stage, masks, volume.geometry, (index) => segmented.slice(index));
    const statements = statementFindings(stage, findings);
    const input = { ...context, uids, sources, segmentationMade, findings, statements, predecessors };
    const file = buildReport({ ...input, kind: style.report });
    await put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), file);
  }
  if (job.objects.includes('SC')) await writeKeyImages(job, segmented, context, put);
  if (job.objects.includes('GSPS')) await writeAnnotations(job, segmented, context, put);
}

async function writeStatus(
  { uids, style, predecessors = [] }: WorkerJob,
  { volume }: Segmented,
  told: ResultContext & { readonly outcome: 'no-finding' | 'abstained'; readonly reason: string },
  put: Put,
): Promise<void> {
  const stage = resultStage(told.release);
  // Who abstains says nothing.
  const statements = told.outcome === 'abstained' ? [] : statementFindings(stage, []);
  const file = buildStatusReport({
    ...told,
    ...{ uids, sources: volume.slices, predecessors, statements, kind: style.report },
  });
  await put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), file);
}

async function writeKeyImages(job: WorkerJob, segmented: Segmented, context: ResultContext, put: Put): Promise<void> {
  const { volume, mask } = segmented;
  const { rows, columns } = volume.geometry;
  const { most, window } = job.style.keyImages;
  const scSeries = derivedUid('secondary capture series', job.uids.sr);
  for (const [i, at] of keySlices(mask, rows * columns, most).entries()) {
    const sc = derivedUid('secondary capture', job.uids.sr, String(i + 1));
    const file = buildSecondaryCapture({
      ...context,
      uids: { sc, scSeries },
      number: i + 1,
      source: volume.slices[at] as SliceHeader,
      slice: await segmented.slice(at),
      masks: [mask.subarray(at * rows * columns, (at + 1) * rows * columns)],
      ...(window !== undefined && { window }),
    });
    await put('SC', identity(sopClasses.secondaryCapture, sc, scSeries), file);
  }
}

/** Every slice on which something is marked. */
async function writeAnnotations(job: WorkerJob, segmented: Segmented, context: ResultContext, put: Put): Promise<void> {
  const { volume, mask } = segmented;
  const { rows, columns } = volume.geometry;
  const segment = segmentOf(context);
  const { window: asked } = job.style.keyImages;
  // Pixels are looked at only where nobody says how to see them.
  const windowOfSlice = async (at: number, source: SliceHeader): Promise<DeclaredWindow> =>
    windowDeclared(source, asked) ?? windowOf(await segmented.slice(at), source, asked);
  const images: Annotated[] = [];
  for (const at of keySlices(mask, rows * columns, volume.slices.length)) {
    const source = volume.slices[at] as SliceHeader;
    const pixels = mask.subarray(at * rows * columns, (at + 1) * rows * columns);
    const outlines = outlinesOf({ pixels, rows, columns }).map((outline) => ({ segment, outline }));
    images.push({ source, outlines, window: await windowOfSlice(at, source) });
  }
  const uids = {
    pr: derivedUid('presentation state', job.uids.sr),
    prSeries: derivedUid('presentation state series', job.uids.sr),
  };
  const file = buildPresentationState({ ...context, uids, images });
  await put('GSPS', identity(sopClasses.grayscaleSoftcopyPresentationState, uids.pr, uids.prSeries), file);
}

async function writeMap(job: WorkerJob, segmented: Segmented, context: ResultContext, put: Put): Promise<void> {
  const { volume, probabilities = [] } = segmented;
  const uids = {
    pm: derivedUid('parametric map', job.uids.sr),
    pmSeries: derivedUid('parametric map series', job.uids.sr),
  };
  const file = parametricMapFile({
    ...context,
    ...{ uids, sources: volume.slices, geometry: volume.geometry },
    ...{ segment: segmentOf(context), values: probabilities },
  });
  await put('PM', identity(sopClasses.parametricMap, uids.pm, uids.pmSeries), file);
}

/** The one segment of a model with one channel. */
function segmentOf({ release }: ResultContext): Segment {
  const [segment] = resultStage(release).segments;
  if (segment === undefined) throw new RangeError('the release declares no segment');
  return segment;
}

const identity = (sopClassUid: string, sopInstanceUid: string, seriesInstanceUid: string) => ({
  sopClassUid,
  sopInstanceUid,
  seriesInstanceUid,
});
