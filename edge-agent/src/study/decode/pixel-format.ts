import type { DataSet } from 'dicom-parser';

/** What one cell of pixel data holds, told by the element that the pixels are in (PS3.3 §C.7.6.24, §C.7.6.25). */
export type SampleKind = 'integer' | 'float' | 'double';

/** How stored values lie in memory (PS3.3 §C.7.6.3, PS3.5 §8.1.1). */
export type PixelFormat = {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  readonly frames: number;
  /** As the image says it, e.g. MONOCHROME2 or YBR_FULL_422. */
  readonly photometric: string;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  /** Colour planes one after the other (1) and not pixel by pixel (0); of native pixels only. */
  readonly planarConfiguration: number;
  readonly sampleKind: SampleKind;
};

/** The elements that hold pixels; an image has one of them. */
export const pixelElements: readonly { readonly tag: string; readonly kind: SampleKind }[] = [
  { tag: 'x7fe00010', kind: 'integer' },
  { tag: 'x7fe00008', kind: 'float' },
  { tag: 'x7fe00009', kind: 'double' },
];

/** The format of a parsed image. What is absent is 0 or as the standard defaults it; `whyUnsupported` judges it. */
export function pixelFormatOf(dataSet: DataSet): PixelFormat {
  const unsigned = (tag: string, otherwise: number): number => dataSet.uint16(tag) ?? otherwise;
  const sampleKind = pixelElements.find(({ tag }) => dataSet.elements[tag] !== undefined)?.kind ?? 'integer';
  const bitsAllocated = unsigned('x00280100', 0);
  const bitsStored = sampleKind === 'integer' ? unsigned('x00280101', bitsAllocated) : bitsAllocated;
  const frames = dataSet.string('x00280008')?.split('\\')[0]?.trim() ?? '';
  return {
    rows: unsigned('x00280010', 0),
    columns: unsigned('x00280011', 0),
    samplesPerPixel: unsigned('x00280002', 1),
    frames: frames === '' || Number.isNaN(Number(frames)) ? 1 : Number(frames),
    photometric: dataSet.string('x00280004')?.trim() ?? '',
    bitsAllocated,
    bitsStored,
    highBit: sampleKind === 'integer' ? unsigned('x00280102', bitsStored - 1) : bitsStored - 1,
    signed: sampleKind === 'integer' && unsigned('x00280103', 0) === 1,
    planarConfiguration: unsigned('x00280006', 0),
    sampleKind,
  };
}
