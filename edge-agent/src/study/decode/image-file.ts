import { type TransferSyntax } from '@collimator/shared/dicom/transfer-syntaxes';
import { err, ok, type Result } from '@collimator/shared/result';
import { defaultImageBounds, type ImageBounds } from './image-bounds.ts';
import { imageHeadOf, readImageHead } from './image-head.ts';
import type { Part10 } from './part10.ts';
import { pixelElements, type PixelFormat, pixelFormatOf } from './pixel-format.ts';
import { type ByteSource, memorySource, openFileSource, type OpenSource } from './pixels/byte-source.ts';
import { decodableSyntaxes } from './pixels/decodable-syntaxes.ts';
import { decodeFrame } from './pixels/decode-frame.ts';
import { type DecodedFrame, decodedFrame } from './pixels/decoded-frame.ts';
import { whyUnsupported } from './pixels/format-check.ts';
import { encapsulatedFrames, type FrameReader, nativeFrameBits, nativeFrames } from './pixels/frame-layout.ts';
import { type Palette, paletteOf } from './pixels/palette.ts';
import type { PixelCodecs } from './pixels/pixel-codecs.ts';
import type { Problem } from './problem.ts';

export type { DecodedFrame } from './pixels/decoded-frame.ts';

/** An image whose frames can be decoded one by one. */
export type ImageFile = {
  /** The header: everything before the pixel data. */
  readonly part10: Part10;
  readonly format: PixelFormat;
  readonly frames: number;
  /** Decodes one frame, from 0 on; a frame that is cut short or broken is a problem, never grey. */
  frame(index: number): Promise<Result<DecodedFrame, Problem>>;
  close(): Promise<void>;
};

/**
 * Opens the image in a Part 10 file: reads its header and finds its frames, and none of their pixels. Holds the header
 * and no more, but of a deflated file everything, which is what deflation costs. What cannot be decoded is refused
 * here, by its name. Close it when it was opened.
 *
 * @param codecs of this thread
 */
export async function openImageFile(
  path: string,
  codecs: PixelCodecs,
  bounds: ImageBounds = defaultImageBounds,
  openSource: OpenSource = openFileSource,
): Promise<Result<ImageFile, Problem>> {
  const file = await openSource(path);
  if (!file.ok) return file;
  const opened = await openImage(file.value, codecs, bounds).catch(async (error: unknown) => {
    await file.value.close();
    throw error;
  });
  if (!opened.ok) await file.value.close();
  return opened;
}

async function openImage(
  file: ByteSource,
  codecs: PixelCodecs,
  bounds: ImageBounds,
): Promise<Result<ImageFile, Problem>> {
  const head = await readImageHead(file, bounds);
  if (!head.ok) return head;
  const inflated = head.value.syntax.deflated ? await inflate(file, bounds) : ok({ part10: head.value, source: file });
  if (!inflated.ok) return inflated;
  const { part10, source } = inflated.value;
  const format = pixelFormatOf(part10.dataSet);
  const { syntax } = part10;
  const unsupported = whyUnsupported(format, syntax, bounds.frameBytesMax);
  if (unsupported !== undefined) return err({ code: 'image-unsupported', detail: unsupported });
  if (!decodableSyntaxes.includes(syntax.uid))
    return err({ code: 'image-transfer-syntax-unsupported', detail: syntax.name });
  const palette = format.photometric === 'PALETTE COLOR' ? paletteOf(part10, format.signed) : ok(undefined);
  if (!palette.ok) return err({ code: 'image-damaged', detail: palette.error });
  const reader = await frameReader(source, part10, format, bounds);
  if (!reader.ok) return err({ code: 'image-damaged', detail: reader.error });
  return ok({
    part10,
    format,
    frames: format.frames,
    frame: (index) => readFrame(index, reader.value, format, syntax, palette.value, codecs),
    close: () => file.close(),
  });
}

/** A deflated data set has to be inflated as a whole, and its frames are read from there. */
async function inflate(
  file: ByteSource,
  { deflatedBytesMax }: ImageBounds,
): Promise<Result<{ part10: Part10; source: ByteSource }, Problem>> {
  if (file.size > deflatedBytesMax) {
    const detail = `a deflated file of ${file.size} bytes, at most ${deflatedBytesMax} (deflatedBytesMax)`;
    return err({ code: 'image-unsupported', detail });
  }
  const part10 = imageHeadOf(await file.read(0, file.size));
  return part10.ok ? ok({ part10: part10.value, source: memorySource(part10.value.bytes) }) : part10;
}

async function frameReader(
  source: ByteSource,
  part10: Part10,
  format: PixelFormat,
  bounds: ImageBounds,
): Promise<Result<FrameReader, string>> {
  const { dataSet, syntax } = part10;
  const element = pixelElements.map(({ tag }) => dataSet.elements[tag]).find((found) => found !== undefined);
  if (element === undefined) return err('no pixel data');
  if (syntax.compression === undefined) return nativeFrames(source, element, format, syntax);
  return encapsulatedFrames(source, element, part10, format.frames, bounds);
}

async function readFrame(
  index: number,
  read: FrameReader,
  format: PixelFormat,
  syntax: TransferSyntax,
  palette: Palette | undefined,
  codecs: PixelCodecs,
): Promise<Result<DecodedFrame, Problem>> {
  if (!Number.isInteger(index) || index < 0 || index >= format.frames)
    throw new RangeError(`frame ${index} of ${format.frames}`);
  const bytes = await read(index);
  if (!bytes.ok) return err({ code: 'image-damaged', detail: bytes.error });
  const cells = await decodeFrame(bytes.value, format, syntax, codecs);
  if (!cells.ok) return err({ code: 'image-damaged', detail: cells.error });
  const needed = Math.ceil(nativeFrameBits(format) / 8);
  const { length } = cells.value.bytes;
  if (length >= needed) return ok(decodedFrame(cells.value, format, palette));
  return err({ code: 'image-damaged', detail: `${length} bytes of pixels where ${needed} are needed` });
}
