import { err, ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';
import { checkStream, type FrameCells } from './frame-cells.ts';
import { endsWithMarker } from './jpeg-segments.ts';
import { jpegProcess, jpegStreamHeader } from './jpeg-stream-header.ts';
import type { WasmCodec } from './wasm-codec.ts';

/** Charls tells how it wrote colours: plane by plane, line by line or pixel by pixel. */
export type CharlsDecoder = { getInterleaveMode(): number };

const PLANE_BY_PLANE = 0;

/** Decodes a JPEG-LS frame, lossless or near-lossless (ISO 14495-1). */
export async function decodeJpegLs(
  stream: Uint8Array,
  format: PixelFormat,
  codec: WasmCodec<CharlsDecoder>,
): Promise<Result<FrameCells, string>> {
  const header = jpegStreamHeader(stream);
  const size = header?.process === jpegProcess.jpegLs ? { ...header, components: header.components.length } : undefined;
  const said = checkStream('JPEG-LS', size, format);
  if (!said.ok) return said;
  let mode = PLANE_BY_PLANE;
  // Of a stream without its end the codec makes up the last bits, or takes seconds to see that there are none.
  if (!endsWithMarker(stream)) return err('the JPEG-LS stream is cut short');
  const bytes = await codec.decode(stream, said.value, format.bitsAllocated / 8, (decoder) => {
    mode = decoder.getInterleaveMode();
  });
  if (!bytes.ok) return bytes;
  const layout = said.value.components > 1 && mode === PLANE_BY_PLANE ? 'planar' : 'interleaved';
  return ok({ bytes: bytes.value, layout, colour: 'as-said', precision: said.value.precision });
}
