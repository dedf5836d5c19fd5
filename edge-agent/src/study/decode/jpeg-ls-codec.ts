import { createRequire } from 'node:module';
import { err, ok, type Result } from '@collimator/shared/result';

/** The part of codec-charls that is used; the package has no types of its own. */
type CharlsDecoder = {
  getEncodedBuffer(length: number): Uint8ClampedArray;
  getDecodedBuffer(): Uint8ClampedArray;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  decode(): void;
  delete(): void;
};
type Charls = { readonly JpegLSDecoder: new () => CharlsDecoder };

export type JpegLsImage = {
  readonly rows: number;
  readonly columns: number;
  readonly bitsPerSample: number;
  readonly components: number;
  /** One byte a sample up to 8 bits, two (little endian) above. */
  readonly samples: Uint8Array;
};

export type JpegLsCodec = { decode(stream: Uint8Array): Result<JpegLsImage, string> };

/** Starts the codec's WebAssembly; a thread needs one, and it decodes one image at a time. */
export async function createJpegLsCodec(): Promise<JpegLsCodec> {
  const start = createRequire(import.meta.url)('@cornerstonejs/codec-charls/decodewasmjs') as () => Promise<Charls>;
  const charls = await start();
  return {
    decode(stream) {
      const decoder = new charls.JpegLSDecoder();
      try {
        decoder.getEncodedBuffer(stream.length).set(stream);
        decoder.decode();
        const info = decoder.getFrameInfo();
        return ok({
          rows: info.height,
          columns: info.width,
          bitsPerSample: info.bitsPerSample,
          components: info.componentCount,
          // The buffer is in the codec's own memory, which the next image overwrites.
          samples: new Uint8Array(decoder.getDecodedBuffer()),
        });
      } catch {
        // What is thrown is the address of a C++ exception: nothing that could be told.
        return err('the JPEG-LS stream cannot be decoded');
      } finally {
        decoder.delete();
      }
    },
  };
}
