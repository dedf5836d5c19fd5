import { err, ok, type Result } from '@collimator/shared/result';
import type { PixelFormat } from '../pixel-format.ts';
import { checkStream, type FrameCells } from './frame-cells.ts';
import { codestreamOf, jpeg2000Size } from './jpeg-2000-header.ts';
import { whyIncomplete } from './jpeg-2000-tiles.ts';
import type { WasmCodec } from './wasm-codec.ts';

/** Decodes a JPEG 2000 or HTJ2K frame (ISO 15444-1, -15); colour transforms of the codestream are undone by the codec. */
export async function decodeJpeg2000(
  frame: Uint8Array,
  format: PixelFormat,
  codec: WasmCodec<object>,
  kind: 'JPEG 2000' | 'HTJ2K',
): Promise<Result<FrameCells, string>> {
  const stream = codestreamOf(frame);
  const size = stream === undefined ? undefined : jpeg2000Size(stream);
  const said = checkStream(kind, size, format);
  if (!said.ok) return said;
  if (stream === undefined || size?.subsampled !== false) return err(`the ${kind} stream is subsampled`);
  const incomplete = whyIncomplete(stream, size.tiles);
  if (incomplete !== undefined) return err(`the ${kind} stream ${incomplete}`);
  const bytes = await codec.decode(stream, said.value, format.bitsAllocated / 8);
  if (!bytes.ok) return bytes;
  const colour = format.photometric.startsWith('YBR_FULL') ? 'as-said' : 'rgb';
  return ok({ bytes: bytes.value, layout: 'interleaved', colour, precision: said.value.precision });
}
