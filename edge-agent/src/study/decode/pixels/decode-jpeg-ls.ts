import { err, ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';
import { type FrameCells, widened } from './frame-cells.ts';
import { jpegStreamHeader } from './jpeg-stream-header.ts';
import type { WasmCodec } from './wasm-codec.ts';

/** Charls tells how it wrote colours: plane by plane, line by line or pixel by pixel. */
export type CharlsDecoder = { getInterleaveMode(): number };

const JPEG_LS = 0xf7;
const PLANE_BY_PLANE = 0;

/** Decodes a JPEG-LS frame, lossless or near-lossless (ISO 14495-1). */
export async function decodeJpegLs(
  stream: Uint8Array,
  format: PixelFormat,
  codec: WasmCodec<CharlsDecoder>,
): Promise<Result<FrameCells, string>> {
  // Before decoding: the codec takes as much memory as the stream says.
  const said = jpegStreamHeader(stream);
  if (said?.process !== JPEG_LS) return err('the JPEG-LS stream has no frame header');
  const { rows, columns, components, precision } = said;
  if (rows !== format.rows || columns !== format.columns || components !== format.samplesPerPixel)
    return err(`the JPEG-LS stream is ${rows}×${columns} with ${components} components`);
  if (precision > format.bitsAllocated) return err(`the JPEG-LS stream has ${precision} bits a sample`);
  let mode = PLANE_BY_PLANE;
  const image = await codec.decode(stream, (decoder) => {
    mode = decoder.getInterleaveMode();
  });
  if (!image.ok) return err('the JPEG-LS stream cannot be decoded');
  const layout = components > 1 && mode === PLANE_BY_PLANE ? 'planar' : 'interleaved';
  const bytes = widened(image.value.samples, precision <= 8 ? 1 : 2, format.bitsAllocated / 8);
  return ok({ bytes, layout, rgb: false });
}
