import { createRequire } from 'node:module';
import { err, ok, type Result } from '@collimator/shared/result';

/** What the decoders of the cornerstonejs packages have in common; they have no types of their own. */
type Decoder = {
  getEncodedBuffer(length: number): Uint8Array;
  getDecodedBuffer(): Uint8Array;
  getFrameInfo(): FrameInfo;
  decode(): void;
  delete(): void;
};
type FrameInfo = { width: number; height: number; bitsPerSample: number; componentCount: number; isSigned?: boolean };

export type CodecImage = {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  readonly bitsPerSample: number;
  /** One byte a sample up to 8 bits, two (little endian) above. */
  readonly samples: Uint8Array;
};

export type WasmCodec<D> = {
  /**
   * Decodes one image. The caller has checked what the stream says of its size: the codec takes the memory that it
   * says. `error` is what the codec said, where it said anything.
   */
  decode(stream: Uint8Array, also?: (decoder: D) => void): Promise<Result<CodecImage, string>>;
};

/** Memory that a codec may keep between images; WebAssembly gives none back, so beyond it the codec is made anew. */
export const codecKeptBytesMax = 268_435_456;

/**
 * A codec in WebAssembly, started at its first image. After whatever it throws it is thrown away and made anew for the
 * next image: an aborted instance, or one that lost its way in a broken stream, decodes nothing any more.
 *
 * @param module specifier of the package's factory
 * @param decoderClass name of the class that it exports
 */
export function createWasmCodec<D>(module: string, decoderClass: string): WasmCodec<D> {
  const start = createRequire(import.meta.url)(module) as (
    options: object,
  ) => Promise<Record<string, new () => Decoder & D>>;
  let running: Promise<Record<string, new () => Decoder & D>> | undefined;
  return {
    async decode(stream, also) {
      const said: string[] = [];
      const quiet = (line: unknown): void => void said.push(String(line));
      running ??= start({ print: quiet, printErr: quiet });
      const codec = await running;
      // From here on nothing else runs before the image is out of the codec's memory.
      try {
        const Decoder = codec[decoderClass] as new () => Decoder & D;
        const decoder = new Decoder();
        decoder.getEncodedBuffer(stream.length).set(stream);
        decoder.decode();
        also?.(decoder);
        const info = decoder.getFrameInfo();
        const decoded = decoder.getDecodedBuffer();
        // The buffer is in the codec's own memory, which the next image overwrites.
        const samples = new Uint8Array(decoded);
        decoder.delete();
        if (decoded.buffer.byteLength > codecKeptBytesMax) running = undefined;
        const { height: rows, width: columns, componentCount: components, bitsPerSample } = info;
        return ok({ rows, columns, components, bitsPerSample, samples });
      } catch (error) {
        running = undefined;
        // C++ exceptions arrive as addresses, of which nothing can be told.
        return err(error instanceof Error ? error.message : 'the codec refused it');
      }
    },
  };
}
