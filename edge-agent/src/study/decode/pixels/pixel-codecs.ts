import type { CharlsDecoder } from './decode-jpeg-ls.ts';
import { createWasmCodec, type WasmCodec } from './wasm-codec.ts';

/** The codecs of compressed pixels. One set per thread; each starts at its first image and decodes one at a time. */
export type PixelCodecs = {
  readonly jpeg: WasmCodec<object>;
  readonly jpegLs: WasmCodec<CharlsDecoder>;
  readonly jpeg2000: WasmCodec<object>;
  readonly htj2k: WasmCodec<object>;
};

export function createPixelCodecs(): PixelCodecs {
  return {
    jpeg: createWasmCodec('@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs', 'JPEGDecoder', 'JPEG'),
    jpegLs: createWasmCodec('@cornerstonejs/codec-charls/decodewasmjs', 'JpegLSDecoder', 'JPEG-LS'),
    jpeg2000: createWasmCodec('@cornerstonejs/codec-openjpeg/decodewasmjs', 'J2KDecoder', 'JPEG 2000'),
    htj2k: createWasmCodec('@cornerstonejs/codec-openjph/wasmjs', 'HTJ2KDecoder', 'HTJ2K'),
  };
}
