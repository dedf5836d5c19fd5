import type { Segment } from '@collimator/shared/contracts/release';
import { sopClasses } from '@collimator/shared/dicom/uids';
import type { RawElement, RawItem } from '../../decode/raw-element.ts';
import type { DeclaredWindow, SliceHeader } from '../../decode/slice-header.ts';
import type { Outline } from '../../measure/outlines.ts';
import { equipmentModule, seriesModule, sopCommonModule, subjectModules } from '../common-modules.ts';
import { contentLabel } from './derived-image.ts';
import { ds, fl, is, sequence, sequenceOf, sl, text as ascii, uid, us } from '../elements/element.ts';
import { grouped } from '../grouped.ts';
import { localTime } from '../elements/local-time.ts';
import { RESEARCH_NOTICE, resultTitle } from '../notice.ts';
import { part10File } from '../elements/part10-file.ts';
import { GRAPHIC_NUMBERS_MAX } from '../report/region-item.ts';
import type { ResultContext } from '../result-context.ts';
import { imageReference, imagesOf, sliceReference } from '../source-images.ts';
import { createTextWriter, type TextWriter } from '../elements/text-writer.ts';

export const PR_SERIES_NUMBER = 9104;

/** What is drawn on one image. */
export type Annotated = {
  readonly source: SliceHeader;
  /** How the image is seen, in rescaled values. */
  readonly window: DeclaredWindow;
  readonly outlines: readonly { readonly segment: Segment; readonly outline: Outline }[];
};

export type PresentationStateInput = ResultContext & {
  readonly uids: { readonly pr: string; readonly prSeries: string };
  /** All of one series and of one photometric interpretation. */
  readonly images: readonly Annotated[];
  /** Which of the series of presentation states it is, from 1 on; 1 when not given. */
  readonly number?: number;
};

const LAYER = 'FINDINGS';

/**
 * A Grayscale Softcopy Presentation State (PS3.3 §A.33.1) that draws outlines and names on images of the source, as a
 * Part 10 file. The same input gives the same bytes.
 *
 * @throws RangeError for no image
 */
export function buildPresentationState(input: PresentationStateInput): Uint8Array {
  const { images, uids, release, subject, device } = input;
  const [first] = images;
  if (first === undefined) throw new RangeError('a presentation state needs an image');
  const text = createTextWriter(subject);
  const local = localTime(input.now, subject, input.utcOffset_min);
  // dcmpschk knows no date and time with an offset; without one it is local time, as the others of the object are.
  const time = { ...local, dateTime: `${local.date}${local.time}` };
  const identity = { sopClassUid: sopClasses.grayscaleSoftcopyPresentationState, sopInstanceUid: uids.pr };
  const rescale = commonRescale(images);
  return part10File(identity, [
    ...subjectModules(subject),
    ...sopCommonModule(identity, time, input, text),
    ...seriesModule({ modality: 'PR', uid: uids.prSeries, number: PR_SERIES_NUMBER }, time, input, text),
    ...equipmentModule(input, text),
    // Presentation State Identification (§C.11.10)
    ascii(0x00700082, 'DA', time.date),
    ascii(0x00700083, 'TM', time.time),
    is(0x00200013, input.number ?? 1),
    ascii(0x00700080, 'CS', contentLabel(release.name)),
    text(0x00700081, 'LO', resultTitle(release)),
    text(0x00700084, 'PN', `Collimator^${device.id}`),
    // Presentation State Relationship (§C.11.11)
    sequence(0x00081115, [uid(0x0020000e, first.source.seriesInstanceUid), sequenceOf(0x00081140, references(images))]),
    ...displayedAreas(images),
    sequence(0x00700060, [
      ascii(0x00700002, 'CS', LAYER),
      is(0x00700062, 1),
      text(0x00700068, 'LO', resultTitle(release)),
    ]),
    sequenceOf(
      0x00700001,
      images.map((image) => annotation(image, release.research_use_only, text)),
    ),
    // Modality LUT (§C.11.1) and Softcopy VOI LUT (§C.11.8)
    ...(rescale === undefined
      ? []
      : [ds(0x00281052, rescale.intercept), ds(0x00281053, rescale.slope), ascii(0x00281054, 'LO', rescale.type)]),
    sequenceOf(
      0x00283110,
      images.map(({ source, window }) => voi(source, rescale === undefined ? storedWindow(source, window) : window)),
    ),
    ascii(0x20500020, 'CS', first.source.format.photometric === 'MONOCHROME1' ? 'INVERSE' : 'IDENTITY'),
  ]);
}

/** Each image once, with the frames that are drawn on. */
const references = (images: readonly Annotated[]): readonly RawItem[] =>
  imagesOf(images.map(({ source }) => source)).map(imageReference);

/**
 * Displayed Area (§C.10.4): the whole of each image, as large as fits. All slices of a volume have one size and spacing;
 * images that are none may differ, and each kind has an area of its own.
 */
const displayedAreas = (images: readonly Annotated[]): readonly RawElement[] => [
  sequenceOf(0x0070005a, grouped(images, areaKind).map(displayedArea)),
];

function areaKind({ source: { geometry, calibrated_mm, format } }: Annotated): string {
  if (geometry !== undefined) return 'a volume';
  return [format.rows, format.columns, calibrated_mm?.rows, calibrated_mm?.columns].join(' ');
}

function displayedArea(images: readonly Annotated[]): RawItem {
  const { format, geometry, calibrated_mm } = (images[0] as Annotated).source;
  const spacing_mm = geometry?.spacing_mm ?? calibrated_mm;
  return [
    sequenceOf(0x00081140, references(images)),
    sl(0x00700052, 1, 1),
    sl(0x00700053, format.columns, format.rows),
    ascii(0x00700100, 'CS', 'SCALE TO FIT'),
    spacing_mm === undefined ? ascii(0x00700102, 'IS', '1', '1') : ds(0x00700101, spacing_mm.rows, spacing_mm.columns),
  ];
}

/** Graphic Annotation (§C.10.5): the outlines of one image, and beside each segment its name. */
function annotation({ source, outlines }: Annotated, research: boolean, text: TextWriter): RawItem {
  const named = new Map<number, string>();
  for (const { segment } of outlines) named.set(segment.number, segment.label);
  const label = [...named.values()].join(', ');
  const lines = research ? `${label}\r\n${RESEARCH_NOTICE}` : label;
  return [
    sequence(0x00081140, sliceReference(source)),
    ascii(0x00700002, 'CS', LAYER),
    sequenceOf(
      0x00700009,
      outlines.flatMap(({ outline }) => polylines(outline)),
    ),
    sequence(0x00700008, [
      text(0x00700006, 'ST', lines),
      ascii(0x00700003, 'CS', 'DISPLAY'),
      fl(0x00700010, [0.02, 0.9]),
      fl(0x00700011, [0.98, 0.98]),
      ascii(0x00700012, 'CS', 'LEFT'),
    ]),
  ];
}

/** A closed line; in pieces where it has more points than an element can hold. */
function polylines(outline: Outline): readonly RawItem[] {
  const points = [...outline, ...outline.slice(0, 1)];
  const most = Math.floor(GRAPHIC_NUMBERS_MAX / 2);
  const pieces: RawItem[] = [];
  // Each piece begins where the one before ended.
  for (let from = 0; from < points.length - 1; from += most - 1) {
    const piece = points.slice(from, from + most);
    pieces.push([
      ascii(0x00700005, 'CS', 'PIXEL'),
      us(0x00700020, 2),
      us(0x00700021, piece.length),
      fl(
        0x00700022,
        piece.flatMap(({ column, row }) => [column, row]),
      ),
      ascii(0x00700023, 'CS', 'POLYLINE'),
      ascii(0x00700024, 'CS', 'N'),
    ]);
  }
  return pieces;
}

const voi = (source: SliceHeader, { center, width }: DeclaredWindow): RawItem => [
  sequence(0x00081140, sliceReference(source)),
  ds(0x00281050, center),
  ds(0x00281051, width),
];

/** One rescaling for all images, if they have one: a presentation state has no more. */
function commonRescale(
  images: readonly Annotated[],
): { readonly slope: number; readonly intercept: number; readonly type: string } | undefined {
  const { slope, intercept, modality } = (images[0] as Annotated).source;
  if (images.some(({ source }) => source.slope !== slope || source.intercept !== intercept)) return undefined;
  return { slope, intercept, type: modality === 'CT' ? 'HU' : 'US' };
}

/** A window in stored values, where every image has a rescaling of its own. */
const storedWindow = ({ slope, intercept }: SliceHeader, { center, width }: DeclaredWindow): DeclaredWindow => ({
  center: (center - intercept) / slope,
  width: Math.max(1, Math.abs(width / slope)),
});
