import { createHash } from 'node:crypto';
import { err, ok, type Result } from '@collimator/shared/result';
import { type ElementValues, elementValues } from './element-values.ts';
import { labelsOf } from './frame-label-values.ts';
import { type FrameValues, framesOf, groupedFrames, hasFunctionalGroups, singleFrame } from './functional-groups.ts';
import type { Part10 } from './part10.ts';
import { type PixelFormat, pixelFormatOf } from './pixel-format.ts';
import type { Problem } from './problem.ts';
import type { DeclaredWindow, SliceGeometry, SliceHeader } from './slice-header.ts';
import type { Vector } from './vector.ts';

const PIXEL_MEASURES = 'x00289110';
const PLANE_POSITION = 'x00209113';
const PLANE_ORIENTATION = 'x00209116';
const VALUE_TRANSFORMATION = 'x00289145';
const FRAME_VOI = 'x00289132';
/** MR, CT and PET Image Frame Type. */
const FRAME_TYPES = ['x00189226', 'x00189329', 'x00189751'] as const;

/** Bound on the frames of one image: a few bytes of header must not become any amount of memory. */
export const FRAMES_MAX = 100_000;

/**
 * The header of each frame of a parsed file, in the order of the frames: from the functional groups of an enhanced
 * image, from the top level of a single-frame one. Frames of other multi-frame images have no geometry: the one that
 * the image may give is not theirs.
 */
export function sliceHeadersOf(file: Part10): Result<readonly SliceHeader[], Problem> {
  const image = elementValues(file.dataSet, file.bytes);
  const format = pixelFormatOf(file.dataSet);
  const { frames } = format;
  if (!Number.isInteger(frames) || frames < 1)
    return err({ code: 'image-damaged', detail: `${frames} is no number of frames` });
  if (frames > FRAMES_MAX)
    return err({ code: 'image-unsupported', detail: `${frames} frames, at most ${FRAMES_MAX} (FRAMES_MAX)` });
  const of = imageHeader(file, image, format);
  if (hasFunctionalGroups(image)) {
    if (groupedFrames(image) !== frames)
      return err({ code: 'image-damaged', detail: `functional groups of ${groupedFrames(image)} of ${frames} frames` });
    return ok(framesOf(image).map((values, i) => numbered({ ...of, ...frameHeader(values, format) }, i, frames)));
  }
  const header = { ...of, ...frameHeader(singleFrame(image), format) };
  if (frames === 1) return ok([header]);
  return ok(Array.from({ length: frames }, (_, i) => numbered({ ...header, geometry: undefined }, i, frames)));
}

const numbered = (header: SliceHeader, index: number, frames: number): SliceHeader =>
  frames === 1 ? header : { ...header, frame: { number: index + 1, of: frames } };

type FrameHeader = Pick<
  SliceHeader,
  | 'sliceThickness_mm'
  | 'slope'
  | 'intercept'
  | 'geometry'
  | 'calibrated_mm'
  | 'imageType'
  | 'labels'
  | 'window'
  | 'unusable'
>;

/** What all frames of an image have in common. */
function imageHeader(
  { syntax }: Part10,
  image: ElementValues,
  format: PixelFormat,
): Omit<SliceHeader, keyof FrameHeader> {
  const padding = format.sampleKind === 'integer' ? paddingOf(image, format.signed) : undefined;
  return {
    sopClassUid: image.text('x00080016') ?? '',
    sopInstanceUid: image.text('x00080018') ?? '',
    studyInstanceUid: image.text('x0020000d') ?? '',
    seriesInstanceUid: image.text('x0020000e') ?? '',
    frameOfReferenceUid: image.text('x00200052'),
    transferSyntaxUid: syntax.uid,
    modality: image.text('x00080060'),
    instanceNumber: image.number('x00200013'),
    format,
    lossy:
      image.text('x00282110') === '01'
        ? { ratios: image.list('x00282112'), methods: image.list('x00282114') }
        : undefined,
    patientKey: createHash('sha256')
      .update(image.raw('x00100020'))
      .update('\0')
      .update(image.raw('x00100021'))
      .digest('hex'),
    ...(padding !== undefined && { padding }),
  };
}

function frameHeader(frame: FrameValues, format: PixelFormat): FrameHeader {
  const { group, plain } = frame;
  const image = plain.at(-1) as ElementValues;
  const measures = group(PIXEL_MEASURES) ?? image;
  const values = group(VALUE_TRANSFORMATION) ?? image;
  const slope = values.number('x00281053') ?? 1;
  const window = windowOf(group(FRAME_VOI) ?? image);
  const frameType = FRAME_TYPES.flatMap((tag) => group(tag)?.list('x00089007') ?? []);
  const unusable = whyUnusable(image, slope, format);
  const calibrated_mm = calibratedSpacing(image);
  return {
    sliceThickness_mm: measures.number('x00180050'),
    slope,
    intercept: values.number('x00281052') ?? 0,
    geometry: geometryOf(
      (group(PLANE_POSITION) ?? image).numbers('x00200032'),
      (group(PLANE_ORIENTATION) ?? image).numbers('x00200037'),
      measures.numbers('x00280030'),
    ),
    imageType: frameType.length > 0 ? frameType : image.list('x00080008'),
    labels: labelsOf(frame),
    ...(window !== undefined && { window }),
    ...(unusable !== undefined && { unusable }),
    ...(calibrated_mm !== undefined && { calibrated_mm }),
  };
}

/** Pixel Spacing where Pixel Spacing Calibration Type says of what it is; GEOMETRY and FIDUCIAL are its only values. */
function calibratedSpacing(image: ElementValues): SliceHeader['calibrated_mm'] {
  const type = image.text('x00280a02');
  if (type !== 'GEOMETRY' && type !== 'FIDUCIAL') return undefined;
  const [rows = 0, columns = 0] = image.numbers('x00280030');
  return rows > 0 && columns > 0 && Number.isFinite(rows + columns) ? { rows, columns } : undefined;
}

function whyUnusable(image: ElementValues, slope: number, format: PixelFormat): string | undefined {
  if (format.samplesPerPixel !== 1 || !format.photometric.startsWith('MONOCHROME'))
    return `a colour image (${format.photometric})`;
  if (image.items('x00283000').length > 0) return 'a modality LUT that is a table, not a slope and an intercept';
  return slope === 0 ? 'a rescale slope of 0' : undefined;
}

/** Pixel Padding Value and Range Limit; either may be the greater one. */
function paddingOf(image: ElementValues, signed: boolean): SliceHeader['padding'] {
  const value = image.word('x00280120', signed);
  if (value === undefined) return undefined;
  const limit = image.word('x00280121', signed) ?? value;
  return { low: Math.min(value, limit), high: Math.max(value, limit) };
}

function windowOf(values: ElementValues): DeclaredWindow | undefined {
  const [center, width] = [values.number('x00281050'), values.number('x00281051')];
  return center === undefined || width === undefined || width <= 0 ? undefined : { center, width };
}

function geometryOf(
  position: readonly number[],
  orientation: readonly number[],
  spacing: readonly number[],
): SliceGeometry | undefined {
  if (position.length !== 3 || orientation.length !== 6 || spacing.length !== 2) return undefined;
  if ([...position, ...orientation, ...spacing].some((value) => !Number.isFinite(value))) return undefined;
  const [rows, columns] = spacing as [number, number];
  if (rows <= 0 || columns <= 0) return undefined;
  return {
    position_mm: position as unknown as Vector,
    rowCosines: orientation.slice(0, 3) as unknown as Vector,
    columnCosines: orientation.slice(3) as unknown as Vector,
    spacing_mm: { rows, columns },
  };
}
