import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import type { VolumeGeometry } from '../../decode/volume.ts';
import { packBits } from '../elements/bit-packing.ts';
import { codeSequence, dcm } from '../elements/code.ts';
import {
  equipmentModule,
  frameOfReferenceModule,
  seriesItems,
  seriesModule,
  sopCommonModule,
  subjectModules,
} from '../common-modules.ts';
import { contentLabel, derivationImage, lossyHistory } from './derived-image.ts';
import { derivedUid } from '../elements/derived-uid.ts';
import { at, ds, is, sequence, sequenceOf, text as ascii, uid, ul, us } from '../elements/element.ts';
import { localTime } from '../elements/local-time.ts';
import { algorithmOf, modelLines, RESEARCH_NOTICE } from '../notice.ts';
import { part10Pieces } from '../elements/part10-file.ts';
import { type ResultContext, type ResultUids, resultStage } from '../result-context.ts';
import { type SegmentFrame, type SegmentMask, segmentFrames, segmentsOverlap } from './segment-frames.ts';
import { createTextWriter, type TextWriter } from '../elements/text-writer.ts';
import { trackingOf } from '../report/tracking.ts';

export const SEG_SERIES_NUMBER = 9101;

export type SegmentationInput = ResultContext & {
  readonly uids: Pick<ResultUids, 'seg' | 'segSeries'>;
  /** The slices of the volume in its order (Volume.slices); slice i of a mask lies on source i. */
  readonly sources: readonly SliceHeader[];
  readonly geometry: VolumeGeometry;
  readonly masks: readonly SegmentMask[];
  /** Masks hold 0 to FRACTION_MAX instead of 0 or not: how probable a voxel is, or how much of it is of the segment. */
  readonly fractional?: 'PROBABILITY' | 'OCCUPANCY';
};

/** Value of a voxel that is certainly or wholly of the segment: Maximum Fractional Value (0062,000E). */
export const FRACTION_MAX = 255;

/** The same in one piece; see `segmentationFile`. */
export const buildSegmentation = (input: SegmentationInput): Uint8Array => Buffer.concat([...segmentationFile(input)]);

/**
 * A DICOM Segmentation (PS3.3 §A.51) as a Part 10 file in pieces, on the grid of the source: what it takes beside the
 * masks is a few frames at a time. The same input gives the same bytes.
 *
 * @throws RangeError for masks that do not fit the geometry or name segments that the release does not declare
 */
export function segmentationFile(input: SegmentationInput): Iterable<Uint8Array> {
  checkMasks(input);
  const text = createTextWriter(input.subject);
  const time = localTime(input.now, input.subject, input.utcOffset_min);
  const identity = { sopClassUid: sopClasses.segmentation, sopInstanceUid: input.uids.seg };
  const { rows, columns } = input.geometry;
  const frames = segmentFrames(input.masks, rows * columns);
  const elements = [
    ...subjectModules(input.subject),
    ...frameOfReferenceModule(input.subject),
    ...sopCommonModule(identity, time, input, text),
    ...seriesModule({ modality: 'SEG', uid: input.uids.segSeries, number: SEG_SERIES_NUMBER }, time, input, text),
    ...equipmentModule(input, text),
    is(0x00200013, 1),
    ascii(0x00080023, 'DA', time.date),
    ascii(0x00080033, 'TM', time.time),
    ...segmentationImage(input, frames, text),
    ...dimensions(input.uids.seg),
    ...functionalGroups(input, frames, text),
    sequenceOf(0x00081115, seriesItems(input.sources, 0x0008114a)),
  ];
  const voxels = frames.length * rows * columns;
  return input.fractional === undefined
    ? part10Pieces(identity, elements, { tag: PIXEL_DATA, vr: 'OB', length: Math.ceil(voxels / 8) }, packed(frames))
    : part10Pieces(identity, elements, { tag: PIXEL_DATA, vr: 'OB', length: voxels }, pixelsOf(frames));
}

const PIXEL_DATA = 0x7fe00010;

/** Eight frames end at the end of a byte, whatever their size. */
function* packed(frames: readonly SegmentFrame[]): Iterable<Uint8Array> {
  for (let first = 0; first < frames.length; first += 8)
    yield packBits(frames.slice(first, first + 8).map(({ pixels }) => pixels));
}

function* pixelsOf(frames: readonly SegmentFrame[]): Iterable<Uint8Array> {
  for (const { pixels } of frames) yield pixels;
}

function checkMasks({ release, masks, geometry, sources }: SegmentationInput): void {
  const voxels = geometry.slices * geometry.rows * geometry.columns;
  if (sources.length !== geometry.slices)
    throw new RangeError(`${sources.length} sources for ${geometry.slices} slices`);
  if (masks.length === 0) throw new RangeError('a segmentation needs a mask');
  const declared = new Set(resultStage(release).segments.map((segment) => segment.number));
  for (const mask of masks) {
    if (!declared.delete(mask.segment))
      throw new RangeError(`segment ${mask.segment} is not declared, or is there twice`);
    if (mask.voxels.length !== voxels) throw new RangeError(`a mask of ${mask.voxels.length} voxels for ${voxels}`);
  }
}

/** Segmentation Image (§C.8.20.2) with its segments. */
function segmentationImage(
  input: SegmentationInput,
  frames: readonly SegmentFrame[],
  text: TextWriter,
): readonly RawElement[] {
  const { release, geometry, masks, sources, fractional } = input;
  const bits = fractional === undefined ? 1 : 8;
  const segments = resultStage(release).segments.filter(({ number }) => masks.some((mask) => mask.segment === number));
  const lossy = sources.find((source) => source.lossy !== undefined)?.lossy;
  return [
    ascii(0x00080008, 'CS', 'DERIVED', 'PRIMARY'),
    us(0x00280002, 1),
    ascii(0x00280004, 'CS', 'MONOCHROME2'),
    is(0x00280008, frames.length),
    us(0x00280010, geometry.rows),
    us(0x00280011, geometry.columns),
    us(0x00280100, bits),
    us(0x00280101, bits),
    us(0x00280102, bits - 1),
    us(0x00280103, 0),
    ...lossyHistory(lossy),
    ...(fractional === undefined
      ? [ascii(0x00620001, 'CS', 'BINARY')]
      : [ascii(0x00620001, 'CS', 'FRACTIONAL'), ascii(0x00620010, 'CS', fractional), us(0x0062000e, FRACTION_MAX)]),
    ascii(0x00620013, 'CS', segmentsOverlap(masks) ? 'YES' : 'NO'),
    ascii(0x00700080, 'CS', contentLabel(release.name)),
    text(0x00700081, 'LO', release.research_use_only ? `${RESEARCH_NOTICE} ${release.title}` : release.title),
    text(0x00700084, 'PN', `Collimator^${input.device.id}`),
    sequence(0x00620002, ...segments.map((segment) => segmentItem(segment, input, text))),
  ];
}

function segmentItem(segment: Segment, input: SegmentationInput, text: TextWriter): RawItem {
  const { release, sources } = input;
  const algorithm = algorithmOf(input);
  const tracking = trackingOf(release, segment, sources);
  return [
    us(0x00620004, segment.number),
    text(0x00620005, 'LO', segment.label),
    ascii(0x00620008, 'CS', 'AUTOMATIC'),
    text(0x00620009, 'LO', `${algorithm.name} ${algorithm.version}`),
    text(0x00620020, 'UT', tracking.identifier),
    uid(0x00620021, tracking.uid),
    codeSequence(0x00620003, segment.category, text),
    codeSequence(0x0062000f, segment.type, text),
    ...(segment.anatomy === undefined ? [] : [codeSequence(0x00082218, segment.anatomy, text)]),
    sequence(0x00620007, [
      codeSequence(0x0066002f, dcm('123110', 'Artificial Intelligence'), text),
      text(0x00660036, 'LO', algorithm.name),
      text(0x00660031, 'LO', algorithm.version),
      text(0x00660032, 'LT', modelLines(input).join('\n')),
    ]),
  ];
}

/** Frames differ by segment first, then by position (§C.7.6.17). */
function dimensions(segUid: string): readonly RawElement[] {
  const organization = uid(0x00209164, derivedUid('dimension organization', segUid));
  const index = (label: string, pointer: number, group: number): RawItem => [
    organization,
    at(0x00209165, pointer),
    at(0x00209167, group),
    ascii(0x00209421, 'LO', label),
  ];
  return [
    sequence(0x00209221, [organization]),
    sequence(
      0x00209222,
      index('ReferencedSegmentNumber', 0x0062000b, 0x0062000a),
      index('ImagePositionPatient', 0x00200032, 0x00209113),
    ),
  ];
}

function functionalGroups(
  { geometry, sources, masks }: SegmentationInput,
  frames: readonly SegmentFrame[],
  text: TextWriter,
): readonly RawElement[] {
  const { spacing_mm, rowCosines, columnCosines } = geometry;
  const segments = masks.map((mask) => mask.segment).sort((a, b) => a - b);
  const slices = [...new Set(frames.map((frame) => frame.slice))].sort((a, b) => a - b);
  const rank = new Map(slices.map((slice, i) => [slice, i + 1]));
  return [
    sequence(0x52009229, [
      sequence(0x00289110, [
        ds(0x00180050, sources[0]?.sliceThickness_mm ?? spacing_mm.slices),
        ds(0x00180088, spacing_mm.slices),
        ds(0x00280030, spacing_mm.rows, spacing_mm.columns),
      ]),
      sequence(0x00209116, [ds(0x00200037, ...rowCosines, ...columnCosines)]),
    ]),
    sequenceOf(
      0x52009230,
      frames.map((frame) => {
        const index = [segments.indexOf(frame.segment) + 1, rank.get(frame.slice) ?? 0];
        return frameItem(frame, sources[frame.slice] as SliceHeader, index, text);
      }),
    ),
  ];
}

function frameItem(frame: SegmentFrame, source: SliceHeader, index: readonly number[], text: TextWriter): RawItem {
  return [
    derivationImage(source, codeSequence(0x00089215, dcm('113076', 'Segmentation'), text), text),
    sequence(0x00209111, [ul(0x00209157, ...index)]),
    sequence(0x00209113, [ds(0x00200032, ...(source.geometry?.position_mm ?? []))]),
    sequence(0x0062000a, [us(0x0062000b, frame.segment)]),
  ];
}
