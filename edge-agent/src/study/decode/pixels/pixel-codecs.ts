import { type CharlsDecoder } from './decode-jpeg-ls.ts';
import { createWasmCodec, type WasmCodec } from './wasm-codec.ts';

/** The codecs of compressed pixels. One set per thread; each starts at its first image and decodes one at a time. */
export type PixelCodecs = { readonly jpegLs: WasmCodec<CharlsDecoder> };

export function createPixelCodecs(): PixelCodecs {
  return { jpegLs: createWasmCodec('@cornerstonejs/codec-charls/decodewasmjs', 'JpegLSDecoder') };
}
