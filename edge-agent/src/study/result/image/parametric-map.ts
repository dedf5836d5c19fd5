import type { Code, Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import type { SliceHeader } from '../../decode/slice-header.ts';
import type { VolumeGeometry } from '../../decode/volume.ts';
import { codeItem, codeSequence, dcm, own, sct } from '../elements/code.ts';
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
import { at, ds, fd, is, sequence, sequenceOf, text as ascii, uid, ul, us } from '../elements/element.ts';
import { localTime } from '../elements/local-time.ts';
import { RESEARCH_NOTICE } from '../notice.ts';
import { part10Pieces } from '../elements/part10-file.ts';
import type { ResultContext } from '../result-context.ts';
import { createTextWriter, type TextWriter } from '../elements/text-writer.ts';

export const PM_SERIES_NUMBER = 9105;

export type ParametricMapInput = ResultContext & {
  readonly uids: { readonly pm: string; readonly pmSeries: string };
  /** The slices of the volume in its order; slice i of the values lies on source i. */
  readonly sources: readonly SliceHeader[];
  readonly geometry: VolumeGeometry;
  /** What the probability is of. */
  readonly segment: Segment;
  /** Of each slice, rows × columns; 0 to 1. */
  readonly values: readonly Float32Array[];
};

const PROBABILITY: Code = own('probability', 'Probability by the algorithm');
const NO_UNITS: Code = { scheme: 'UCUM', code: '1', meaning: 'no units' };
const QUANTITY = sct('246205007', 'Quantity');

/** The same in one piece; see `parametricMapFile`. */
export const buildParametricMap = (input: ParametricMapInput): Uint8Array =>
  Buffer.concat([...parametricMapFile(input)]);

/**
 * A Parametric Map (PS3.3 §A.75) of 32-bit floats as a Part 10 file in pieces, on the grid of the source: the
 * probability of a segment, slice by slice. The same input gives the same bytes.
 *
 * @throws RangeError for values that do not fit the geometry
 */
export function parametricMapFile(input: ParametricMapInput): Iterable<Uint8Array> {
  const { geometry, sources, values, uids, subject } = input;
  const { rows, columns, slices } = geometry;
  if (sources.length !== slices || values.length !== slices)
    throw new RangeError(`${sources.length} sources and ${values.length} planes for ${slices} slices`);
  if (values.some((plane) => plane.length !== rows * columns)) throw new RangeError('a plane of another size');
  const text = createTextWriter(subject);
  const time = localTime(input.now, subject, input.utcOffset_min);
  const identity = { sopClassUid: sopClasses.parametricMap, sopInstanceUid: uids.pm };
  const elements = [
    ...subjectModules(subject),
    ...frameOfReferenceModule(subject),
    ...sopCommonModule(identity, time, input, text),
    ...seriesModule({ modality: 'OT', uid: uids.pmSeries, number: PM_SERIES_NUMBER }, time, input, text),
    ...equipmentModule(input, text),
    is(0x00200013, 1),
    ascii(0x00080023, 'DA', time.date),
    ascii(0x00080033, 'TM', time.time),
    sequence(0x00400555),
    ...mapImage(input, text),
    ...dimensions(uids.pm),
    ...functionalGroups(input, text),
    sequenceOf(0x00081115, seriesItems(sources, 0x0008114a)),
  ];
  const length = 4 * slices * rows * columns;
  return part10Pieces(identity, elements, { tag: 0x7fe00008, vr: 'OF', length }, planes(values));
}

/** Floats as they lie in memory; every machine that Node runs on is little endian. */
function* planes(values: readonly Float32Array[]): Iterable<Uint8Array> {
  for (const plane of values) yield new Uint8Array(plane.buffer, plane.byteOffset, plane.byteLength);
}

/** Parametric Map Image (§C.8.32.2) and Floating Point Image Pixel (§C.7.6.24). */
function mapImage(input: ParametricMapInput, text: TextWriter): readonly RawElement[] {
  const { release, geometry, sources, device } = input;
  return [
    ascii(0x00080008, 'CS', ...imageType),
    us(0x00280002, 1),
    ascii(0x00280004, 'CS', 'MONOCHROME2'),
    is(0x00280008, geometry.slices),
    us(0x00280010, geometry.rows),
    us(0x00280011, geometry.columns),
    us(0x00280100, 32),
    ascii(0x00280301, 'CS', 'NO'),
    ascii(0x00280302, 'CS', 'NO'),
    ...lossyHistory(sources.find((source) => source.lossy !== undefined)?.lossy),
    ascii(0x20500020, 'CS', 'IDENTITY'),
    ascii(0x00089205, 'CS', 'MONOCHROME'),
    ascii(0x00089206, 'CS', 'VOLUME'),
    ascii(0x00089207, 'CS', 'NONE'),
    ascii(0x00189004, 'CS', release.research_use_only ? 'RESEARCH' : 'PRODUCT'),
    ascii(0x00700080, 'CS', contentLabel(release.name)),
    text(0x00700081, 'LO', release.research_use_only ? `${RESEARCH_NOTICE} ${release.title}` : release.title),
    text(0x00700084, 'PN', `Collimator^${device.id}`),
  ];
}

const imageType = ['DERIVED', 'PRIMARY', 'PROBABILITY', 'NONE'] as const;

/** Frames differ by position alone (§C.7.6.17). */
function dimensions(pmUid: string): readonly RawElement[] {
  const organization = uid(0x00209164, derivedUid('dimension organization', pmUid));
  return [
    sequence(0x00209221, [organization]),
    ascii(0x00209311, 'CS', '3D'),
    sequence(0x00209222, [
      organization,
      at(0x00209165, 0x00200032),
      at(0x00209167, 0x00209113),
      ascii(0x00209421, 'LO', 'ImagePositionPatient'),
    ]),
  ];
}

function functionalGroups(input: ParametricMapInput, text: TextWriter): readonly RawElement[] {
  const { geometry, sources } = input;
  const { spacing_mm, rowCosines, columnCosines } = geometry;
  return [
    sequence(0x52009229, [
      sequence(0x00289110, [
        ds(0x00180050, sources[0]?.sliceThickness_mm ?? spacing_mm.slices),
        ds(0x00180088, spacing_mm.slices),
        ds(0x00280030, spacing_mm.rows, spacing_mm.columns),
      ]),
      sequence(0x00209116, [ds(0x00200037, ...rowCosines, ...columnCosines)]),
      sequence(0x00409092, [ascii(0x00089007, 'CS', ...imageType)]),
      sequence(0x00409096, realWorldMapping(input, text)),
      sequence(0x00289132, [ds(0x00281050, 0.5), ds(0x00281051, 1), ascii(0x00281056, 'CS', 'LINEAR_EXACT')]),
      sequence(0x00289145, [ds(0x00281052, 0), ds(0x00281053, 1), ascii(0x00281054, 'LO', 'US')]),
    ]),
    sequenceOf(
      0x52009230,
      sources.map((source, i) => [
        derivationImage(source, codeSequence(0x00089215, dcm('113091', 'Pixel by pixel calculation'), text), text),
        sequence(0x00209111, [ul(0x00209157, i + 1)]),
        sequence(0x00209113, [ds(0x00200032, ...(source.geometry?.position_mm ?? []))]),
      ]),
    ),
  ];
}

/** Real World Value Mapping (§C.7.6.16.2.11): the values as they stand, what of, and that they have no unit. */
function realWorldMapping({ segment }: ParametricMapInput, text: TextWriter): RawItem {
  return [
    text(0x00283003, 'LO', `${PROBABILITY.meaning}: ${segment.label}`),
    ascii(0x00409210, 'SH', 'PROBABILITY'),
    fd(0x00409213, 1),
    fd(0x00409214, 0),
    fd(0x00409224, 0),
    fd(0x00409225, 1),
    sequence(0x004008ea, codeItem(NO_UNITS, text)),
    sequence(
      0x00409220,
      quantity(QUANTITY, PROBABILITY, text),
      quantity(sct('363698007', 'Finding Site'), segment.type, text),
    ),
  ];
}

const quantity = (concept: Code, code: Code, text: TextWriter): RawItem => [
  ascii(0x0040a040, 'CS', 'CODE'),
  codeSequence(0x0040a043, concept, text),
  codeSequence(0x0040a168, code, text),
];
