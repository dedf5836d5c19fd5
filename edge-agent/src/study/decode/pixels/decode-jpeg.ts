import { err, ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';
import { decodeExtendedJpeg } from './decode-jpeg-extended.ts';
import { decodeLosslessJpeg } from './decode-jpeg-lossless.ts';
import { checkStream, type FrameCells, type StreamSize, widened } from './frame-cells.ts';
import { isYcc, jpegProcess, type JpegStreamHeader, jpegStreamHeader } from './jpeg-stream-header.ts';
import { withTransformFlag } from './jpeg-transform-flag.ts';
import type { WasmCodec } from './wasm-codec.ts';

/** Decodes a JPEG frame (ITU-T T.81) by what its stream is: baseline or extended, of 8 or 12 bits, or lossless. */
export async function decodeJpeg(
  stream: Uint8Array,
  format: PixelFormat,
  turbo: WasmCodec<object>,
): Promise<Result<FrameCells, string>> {
  const header = jpegStreamHeader(stream);
  const size = header && { ...header, components: header.components.length };
  const said = checkStream('JPEG', size, format);
  if (!said.ok) return said;
  const { process, precision } = header as JpegStreamHeader;
  const sequential = process === jpegProcess.baseline || process === jpegProcess.extended;
  if (sequential && precision === 8) return eightBits(stream, header as JpegStreamHeader, said.value, format, turbo);
  if (sequential && precision === 12) return twelveBits(stream, header as JpegStreamHeader, format);
  if (process === jpegProcess.lossless) return lossless(stream, header as JpegStreamHeader, format);
  return err(`a JPEG process that is not decoded (0x${process.toString(16)}, ${precision} bits)`);
}

async function eightBits(
  stream: Uint8Array,
  header: JpegStreamHeader,
  said: StreamSize,
  format: PixelFormat,
  turbo: WasmCodec<object>,
): Promise<Result<FrameCells, string>> {
  // The codec makes RGB of what it takes for Y Cb Cr, so it is told which of the two it has.
  const marked = said.components === 3 ? withTransformFlag(stream, isYcc(header, format.photometric)) : stream;
  const bytes = await turbo.decode(marked, said, format.bitsAllocated / 8);
  return bytes.ok ? ok({ bytes: bytes.value, layout: 'interleaved', colour: 'rgb', precision: 8 }) : bytes;
}

function twelveBits(stream: Uint8Array, header: JpegStreamHeader, format: PixelFormat): Result<FrameCells, string> {
  const samples = decodeExtendedJpeg(stream, header);
  if (!samples.ok) return samples;
  const bytes = widened(new Uint8Array(samples.value.buffer), 2, format.bitsAllocated / 8);
  const colour = isYcc(header, format.photometric) ? 'ybr' : 'rgb';
  return ok({ bytes, layout: 'interleaved', colour, precision: 12 });
}

function lossless(stream: Uint8Array, header: JpegStreamHeader, format: PixelFormat): Result<FrameCells, string> {
  const samples = decodeLosslessJpeg(stream, header);
  if (!samples.ok) return samples;
  const { value } = samples;
  const bytes = widened(
    new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
    value.BYTES_PER_ELEMENT,
    format.bitsAllocated / 8,
  );
  return ok({ bytes, layout: 'interleaved', colour: 'as-said', precision: header.precision });
}
