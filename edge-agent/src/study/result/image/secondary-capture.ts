import { sopClasses } from '@collimator/shared/dicom/uids';
import type { SourceSlice } from '@collimator/shared/imaging/slice';
import type { DeclaredWindow, SliceHeader } from '../../decode/slice-header.ts';
import { canvasOf, paintRim, paintText } from './burnt-in.ts';
import { codeSequence, dcm } from '../elements/code.ts';
import { equipmentModule, seriesItems, seriesModule, sopCommonModule, subjectModules } from '../common-modules.ts';
import { lossyHistory, sourceImage } from './derived-image.ts';
import { bytes, ds, empty, is, sequence, sequenceOf, text as ascii, us } from '../elements/element.ts';
import { localTime } from '../elements/local-time.ts';
import { isAttested, modelLines, RESEARCH_NOTICE } from '../notice.ts';
import { part10File } from '../elements/part10-file.ts';
import type { ResultContext } from '../result-context.ts';
import { createTextWriter } from '../elements/text-writer.ts';
import { windowed, windowOf } from './window.ts';

export const SC_SERIES_NUMBER = 9103;

export type SecondaryCaptureInput = ResultContext & {
  readonly uids: { readonly sc: string; readonly scSeries: string };
  /** 1 and up: which key image of the series it is. */
  readonly number: number;
  readonly source: SliceHeader;
  readonly slice: SourceSlice;
  /** One of the slice for each segment: rows × columns, 0 or not. Gone through once. */
  readonly masks: Iterable<Uint8Array>;
  readonly window?: DeclaredWindow;
};

/** Far apart in hue and bright on grey; from the ninth segment on they come again. */
const colours = [
  [255, 64, 64],
  [64, 255, 64],
  [80, 160, 255],
  [255, 224, 32],
  [255, 64, 255],
  [32, 240, 240],
  [255, 144, 32],
  [176, 128, 255],
] as const;

/**
 * A slice as a colour Secondary Capture (PS3.3 §A.8.1) with the rims of the segments painted on it, as a Part 10 file.
 * What is burnt in names nobody: the rims and, where the release is for research, that it is. The same input gives the
 * same bytes.
 *
 * @throws RangeError for masks of another size than the slice
 */
export function buildSecondaryCapture(input: SecondaryCaptureInput): Uint8Array {
  const { source, slice, masks, uids, release, subject } = input;
  const { rows, columns } = slice;
  const canvas = canvasOf(windowed(slice, windowOf(slice, source, input.window)), rows, columns);
  let painted = 0;
  for (const mask of masks) {
    if (mask.length !== rows * columns) throw new RangeError(`a mask of ${mask.length} pixels for ${rows}×${columns}`);
    paintRim(canvas, mask, colours[painted++ % colours.length] as (typeof colours)[0]);
  }
  if (release.research_use_only) paintText(canvas, 'RESEARCH USE ONLY', [255, 255, 255]);

  const text = createTextWriter(subject);
  const time = localTime(input.now, subject, input.utcOffset_min);
  const identity = { sopClassUid: sopClasses.secondaryCapture, sopInstanceUid: uids.sc };
  const notice = release.research_use_only ? `${RESEARCH_NOTICE} ` : '';
  const by = isAttested(input) ? '' : 'a remote model. ';
  const derivation = `${notice}Outlines of ${by}${modelLines(input)[0]}`;
  const spacing_mm = source.geometry?.spacing_mm;
  return part10File(identity, [
    ...subjectModules(subject),
    ...sopCommonModule(identity, time, input, text),
    ...seriesModule({ modality: 'OT', uid: uids.scSeries, number: SC_SERIES_NUMBER }, time, input, text),
    ...equipmentModule(input, text),
    ascii(0x00080064, 'CS', 'WSD'),
    // General Image (§C.7.6.1)
    is(0x00200013, input.number),
    empty(0x00200020, 'CS'),
    ascii(0x00080008, 'CS', 'DERIVED', 'SECONDARY'),
    ascii(0x00080023, 'DA', time.date),
    ascii(0x00080033, 'TM', time.time),
    text(0x00082111, 'ST', derivation),
    codeSequence(0x00089215, dcm('113091', 'Pixel by pixel calculation'), text),
    sequence(0x00082112, sourceImage(source, text)),
    sequenceOf(0x00081115, seriesItems([source], 0x0008114a)),
    ascii(0x00280301, 'CS', 'NO'),
    ...lossyHistory(source.lossy),
    text(0x00204000, 'LT', derivation),
    ...(spacing_mm === undefined ? [] : [ds(0x00280030, spacing_mm.rows, spacing_mm.columns)]),
    us(0x00280002, 3),
    ascii(0x00280004, 'CS', 'RGB'),
    us(0x00280006, 0),
    us(0x00280010, rows),
    us(0x00280011, columns),
    us(0x00280100, 8),
    us(0x00280101, 8),
    us(0x00280102, 7),
    us(0x00280103, 0),
    bytes(0x7fe00010, 'OB', canvas.rgb),
  ]);
}
