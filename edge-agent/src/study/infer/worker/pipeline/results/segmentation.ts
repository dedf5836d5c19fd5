import type { Segment } from '@collimator/shared/contracts/release';
import { countMarked } from '@collimator/shared/imaging/marked';
import { sopClasses } from '@collimator/shared/dicom/uids';
import { segmentFindings, statementFindings } from '../../../../measure/segment-findings.ts';
import { keySlices } from '../../../../measure/key-slices.ts';
import { outlinesOf } from '../../../../measure/outlines.ts';
import { derivedUid } from '../../../../result/elements/derived-uid.ts';
import { parametricMapFile } from '../../../../result/image/parametric-map.ts';
import { segmentationFile } from '../../../../result/image/segmentation.ts';
import { statedOf } from '../../../../result/report/qualitative-evaluations.ts';
import { buildReport } from '../../../../result/report/report.ts';
import { reportClasses } from '../../../../result/report/report-document.ts';
import { resultStage } from '../../../../result/result-context.ts';
import type { Masks } from '../tasks/masks.ts';
import { type Drawn, putAnnotations, putKeyImages } from './drawn-images.ts';
import { identity, type Made, putStatus, type VolumeInput, type ResultWriter } from './result-writer.ts';
import { fractionsOf, outcomeOf } from './segmentation-outcome.ts';

/**
 * Writes the objects that the job asks for. Where nothing is marked, or the model abstains, there is nothing to show:
 * the report says so, and a parametric map is made all the same unless the model abstains.
 */
export async function putSegmentation(input: VolumeInput, marked: Masks, writer: ResultWriter): Promise<Made> {
  const { job, context, images } = input;
  const stage = resultStage(context.release);
  const maskVoxels = marked.masks.reduce((sum, { voxels }) => sum + countMarked(voxels), 0);
  const { outcome, reason } = outcomeOf(stage, marked, maskVoxels);
  if (outcome === 'measured') await putFindings(input, marked, writer);
  else {
    // Who abstains says nothing.
    const stated = outcome === 'abstained' ? [] : statedOf(statementFindings(stage, []));
    await putStatus(input, { outcome, reason, stated }, writer);
  }
  if (job.objects.includes('PM') && outcome !== 'abstained') await putMaps(input, marked, writer);
  return { outcome, maskVoxels, volume_mL: (maskVoxels * images.geometry.voxel_mm3) / 1000 };
}

/** The segmentation first: the report refers to it, if there is one. */
async function putFindings(input: VolumeInput, { masks, probabilities }: Masks, writer: ResultWriter): Promise<void> {
  const { job, context, images } = input;
  const { uids, style, predecessors = [] } = job;
  const stage = resultStage(context.release);
  const { slices: sources, geometry } = images;
  const segmentationMade = job.objects.includes('SEG');
  if (segmentationMade) {
    const written =
      style.segmentation === 'probability'
        ? masks.map(({ segment }, i) => ({ segment, voxels: fractionsOf(probabilities?.[i] ?? []) }))
        : masks;
    const fractional = style.segmentation === 'probability' ? { fractional: 'PROBABILITY' as const } : {};
    const file = segmentationFile({ ...context, uids, sources, geometry, masks: written, ...fractional });
    await writer.put('SEG', identity(sopClasses.segmentation, uids.seg, uids.segSeries), file);
  }
  if (job.objects.includes('SR')) {
    const all = await segmentFindings(stage, masks, geometry, input.slice);
    const findings = all.filter(({ voxels }) => voxels > 0);
    const statements = statementFindings(stage, all);
    const report = { ...context, uids, sources, segmentationMade, findings, statements, predecessors };
    const file = buildReport({ ...report, kind: style.report });
    await writer.put('SR', identity(reportClasses[style.report], uids.sr, uids.srSeries), file);
  }
  const drawn = drawnOf(input, masks);
  if (job.objects.includes('SC')) await putKeyImages(input, keySlicesOf(input, masks), drawn, writer);
  if (job.objects.includes('GSPS')) await putAnnotations(input, drawn, writer);
}

/** The slices on which most is marked, of all segments together. */
function keySlicesOf({ job, images }: VolumeInput, masks: Masks['masks']): readonly number[] {
  const { rows, columns } = images.geometry;
  return keySlices(anyOf(masks), rows * columns, job.style.keyImages.most);
}

function drawnOf({ context, images }: VolumeInput, masks: Masks['masks']): readonly Drawn[] {
  const { rows, columns } = images.geometry;
  const area = rows * columns;
  return keySlices(anyOf(masks), area, images.slices.length).map((slice): Drawn => {
    const planes = masks.map(({ voxels }) => voxels.subarray(slice * area, (slice + 1) * area));
    const outlines = planes.flatMap((pixels, i) =>
      outlinesOf({ pixels, rows, columns }).map((outline) => ({ segment: segmentAt(context, i), outline })),
    );
    return { slice, masks: planes, outlines };
  });
}

function anyOf(masks: Masks['masks']): Uint8Array {
  const [first, ...others] = masks;
  if (first === undefined) return new Uint8Array(0);
  if (others.length === 0) return first.voxels;
  const any = first.voxels.slice();
  for (const { voxels } of others) for (let i = 0; i < any.length; i++) if (voxels[i] !== 0) any[i] = 1;
  return any;
}

/** One map for each segment. */
async function putMaps(input: VolumeInput, { probabilities = [] }: Masks, writer: ResultWriter): Promise<void> {
  const { job, context, images } = input;
  for (const [i, values] of probabilities.entries()) {
    const which = i === 0 ? [] : [String(i + 1)];
    const uids = {
      pm: derivedUid('parametric map', job.uids.sr, ...which),
      pmSeries: derivedUid('parametric map series', job.uids.sr),
    };
    const file = parametricMapFile({
      ...{ ...context, uids, values },
      ...{ sources: images.slices, geometry: images.geometry, segment: segmentAt(context, i) },
    });
    await writer.put('PM', identity(sopClasses.parametricMap, uids.pm, uids.pmSeries), file);
  }
}

function segmentAt({ release }: VolumeInput['context'], index: number): Segment {
  const segment = resultStage(release).segments[index];
  if (segment === undefined) throw new RangeError('the release declares no such segment');
  return segment;
}
