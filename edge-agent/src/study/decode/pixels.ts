import { EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import dicomParser from 'dicom-parser';
import type { JpegLsCodec } from './jpeg-ls-codec.ts';
import { jpegLsFrameHeader } from './jpeg-ls-header.ts';
import { type Part10, PIXEL_DATA } from './part10.ts';
import type { Problem } from './problem.ts';
import { decodeRle } from './rle.ts';
import type { PixelFormat } from './slice-header.ts';
import { type StoredPixels, storedValues } from './stored-values.ts';

const EXPLICIT_BIG_ENDIAN = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const RLE_LOSSLESS = '1.2.840.10008.1.2.5';
const JPEG_LS_LOSSLESS = '1.2.840.10008.1.2.4.80';

/** Transfer syntaxes whose pixels are decoded. */
export const decodableSyntaxes: readonly string[] = [
  IMPLICIT_LITTLE_ENDIAN,
  EXPLICIT_LITTLE_ENDIAN,
  EXPLICIT_BIG_ENDIAN,
  DEFLATED,
  RLE_LOSSLESS,
  JPEG_LS_LOSSLESS,
];

/** Bound on rows × columns: a header of a few bytes must not become any amount of memory. */
export const pixelsMax = 67_108_864;

/** Decodes the pixels of a single-frame, single-channel image; the whole file must have been parsed. */
export function decodePixels(file: Part10, format: PixelFormat, jpegLs: JpegLsCodec): Result<StoredPixels, Problem> {
  const unsupported = whyUnsupported(format);
  if (unsupported !== undefined) return err({ code: 'image-unsupported', detail: unsupported });
  if (!decodableSyntaxes.includes(file.syntax.uid))
    return err({ code: 'image-transfer-syntax-unsupported', detail: file.syntax.name });
  const cells = cellsOf(file, format, jpegLs);
  if (!cells.ok) return err({ code: 'image-damaged', detail: cells.error });
  const needed = (format.rows * format.columns * format.bitsAllocated) / 8;
  if (cells.value.length < needed)
    return err({ code: 'image-damaged', detail: `${cells.value.length} bytes of pixels where ${needed} are needed` });
  return ok(storedValues(cells.value, format));
}

function whyUnsupported(format: PixelFormat): string | undefined {
  const { bitsAllocated, bitsStored, highBit } = format;
  if (format.rows < 1 || format.columns < 1) return 'no rows or columns';
  if (format.rows * format.columns > pixelsMax) return `${format.rows}×${format.columns} pixels`;
  if (format.frames !== 1) return `${format.frames} frames in one image`;
  if (format.samplesPerPixel !== 1) return `${format.samplesPerPixel} samples per pixel`;
  if (format.photometric !== 'MONOCHROME1' && format.photometric !== 'MONOCHROME2')
    return 'a photometric interpretation other than MONOCHROME1 and MONOCHROME2';
  if (bitsAllocated !== 8 && bitsAllocated !== 16) return `${bitsAllocated} bits allocated`;
  if (bitsStored < 1 || highBit >= bitsAllocated || highBit + 1 < bitsStored)
    return `${bitsStored} bits stored up to bit ${highBit} of ${bitsAllocated}`;
  return undefined;
}

/** The pixel cells, little endian. */
function cellsOf(file: Part10, format: PixelFormat, jpegLs: JpegLsCodec): Result<Uint8Array, string> {
  const element = file.dataSet.elements[PIXEL_DATA];
  if (element === undefined) return err('no pixel data');
  if (file.syntax.compression === undefined) {
    const stored = file.bytes.subarray(element.dataOffset, element.dataOffset + element.length);
    // Words are swapped also where two 8-bit pixels share one; OB is a run of bytes in every byte order.
    return ok(file.syntax.byteOrder === 'big' && element.vr !== 'OB' ? swapped(stored) : stored);
  }
  const fragments = element.fragments ?? [];
  if (element.encapsulatedPixelData !== true || fragments.length === 0) return err('no fragments of compressed pixels');
  // A single-frame image is all fragments together (PS3.5 §A.4).
  const frame = dicomParser.readEncapsulatedPixelDataFromFragments(file.dataSet, element, 0, fragments.length);
  if (file.syntax.compression === 'rle')
    return decodeRle(frame, format.bitsAllocated / 8, format.rows * format.columns);
  return jpegLsCells(frame, format, jpegLs);
}

function jpegLsCells(frame: Uint8Array, format: PixelFormat, jpegLs: JpegLsCodec): Result<Uint8Array, string> {
  // Before decoding: the codec takes as much memory as the stream says, and does not come back from too much.
  const said = jpegLsFrameHeader(frame);
  if (said === undefined) return err('the JPEG-LS stream has no frame header');
  if (said.rows !== format.rows || said.columns !== format.columns || said.components !== 1)
    return err(`the JPEG-LS stream is ${said.rows}×${said.columns} with ${said.components} components`);
  const image = jpegLs.decode(frame);
  if (!image.ok) return image;
  const { bitsPerSample, samples } = image.value;
  if (bitsPerSample > format.bitsAllocated) return err(`the JPEG-LS stream has ${bitsPerSample} bits a sample`);
  return ok(bitsPerSample <= 8 && format.bitsAllocated === 16 ? widened(samples) : samples);
}

function swapped(words: Uint8Array): Uint8Array {
  const out = Buffer.from(words.subarray(0, words.length & ~1));
  return out.swap16();
}

function widened(samples: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * samples.length);
  for (let i = 0; i < samples.length; i++) out[2 * i] = samples[i] as number;
  return out;
}
