/** What a JPEG-LS stream says of its image before any pixel (ISO 14495-1 §C.2.2). */
export type JpegLsHeader = { readonly rows: number; readonly columns: number; readonly components: number };

const MARKER = 0xff;
const START_OF_FRAME = 0xf7;
const START_OF_SCAN = 0xda;

/** The frame header of a stream; undefined where there is none before the first scan. */
export function jpegLsFrameHeader(stream: Uint8Array): JpegLsHeader | undefined {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  // Two bytes of start of image, then segments: marker, length (which counts itself), content.
  for (let at = 2; at + 10 <= stream.length; at += 2 + view.getUint16(at + 2)) {
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== MARKER || marker === START_OF_SCAN) return undefined;
    if (marker === START_OF_FRAME)
      return { rows: view.getUint16(at + 5), columns: view.getUint16(at + 7), components: view.getUint8(at + 9) };
  }
  return undefined;
}
