import { createRequire } from 'node:module';
import { err, ok, type Result } from '@collimator/shared/result';
import { type StreamSize, widened } from './frame-cells.ts';

/** What the decoders of the cornerstonejs packages have in common; they have no types of their own. */
type Decoder = {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): { width: number; height: number; bitsPerSample: number; componentCount: number };
  decode(): void;
  delete(): void;
};
type CodecModule<D> = Record<string, new () => Decoder & D> & { readonly HEAPU8?: Uint8Array };

export type WasmCodec<D> = {
  /**
   * Decodes one image to little endian samples of `cellBytes` each. The caller has checked what the stream says of its
   * size: the codec takes the memory that it says, and gives something only where it comes to the same.
   *
   * @param also reads more of the decoder than its samples
   */
  decode(
    stream: Uint8Array,
    said: StreamSize,
    cellBytes: number,
    also?: (decoder: D) => void,
  ): Promise<Result<Uint8Array, string>>;
};

/** Memory that a codec may keep between images; WebAssembly gives none back, so beyond it the codec is made anew. */
export const codecKeptBytesMax = 268_435_456;

/**
 * A codec in WebAssembly, started at its first image. After whatever it throws or reports it is thrown away and made anew
 * for the next image: an aborted instance decodes nothing any more, and one that threw has lost memory.
 *
 * @param module specifier of the package's factory
 * @param decoderClass name of the class that it exports
 * @param kind of stream, for messages
 */
export function createWasmCodec<D = object>(module: string, decoderClass: string, kind: string): WasmCodec<D> {
  const start = createRequire(import.meta.url)(module) as (options: object) => Promise<CodecModule<D>>;
  let running: Promise<CodecModule<D>> | undefined;
  // What codecs print goes nowhere: it is told by their results, and stdout is for others.
  const quiet = (): void => undefined;
  return {
    async decode(stream, said, cellBytes, also) {
      running ??= start({ print: quiet, printErr: quiet });
      const codec = await running;
      // From here on nothing else runs before the image is out of the codec's memory.
      try {
        const decoder = new (codec[decoderClass] as new () => Decoder & D)();
        decoder.getEncodedBuffer(stream.length).set(stream);
        decoder.decode();
        also?.(decoder);
        const { width, height, componentCount, bitsPerSample } = decoder.getFrameInfo();
        const decoded = decoder.getDecodedBuffer();
        const sampleBytes = bitsPerSample > 8 ? 2 : 1;
        const fits =
          width === said.columns &&
          height === said.rows &&
          componentCount === said.components &&
          decoded.length === width * height * componentCount * sampleBytes;
        // A copy: the buffer may lie in the codec's own memory, which the next image overwrites.
        const samples = fits ? widened(new Uint8Array(decoded), sampleBytes, cellBytes) : undefined;
        decoder.delete();
        if (!fits || (codec.HEAPU8?.length ?? 0) > codecKeptBytesMax) running = undefined;
        return samples === undefined ? err(`the ${kind} stream cannot be decoded`) : ok(samples);
      } catch {
        running = undefined;
        // C++ exceptions arrive as addresses: nothing that could be told.
        return err(`the ${kind} stream cannot be decoded`);
      }
    },
  };
}
