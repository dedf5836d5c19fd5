import { err, ok, type Result } from '@collimator/shared/result';

const HEADER_BYTES = 64;
const SEGMENTS_MAX = 15;

/**
 * Decodes one RLE frame (PS3.5 Annex G). Each segment holds one byte of every cell of a sample, the most significant
 * first; what comes back is little endian, the samples of a pixel side by side.
 *
 * @param bytesPerCell 1, 2 or 4
 * @param pixels rows × columns
 */
export function decodeRle(
  frame: Uint8Array,
  bytesPerCell: number,
  pixels: number,
  samplesPerPixel = 1,
): Result<Uint8Array, string> {
  if (frame.length < HEADER_BYTES) return err('the RLE header is cut short');
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const segments = view.getUint32(0, true);
  const expected = bytesPerCell * samplesPerPixel;
  if (segments > SEGMENTS_MAX || segments !== expected)
    return err(`${segments} RLE segments where ${expected} are expected`);
  const out = new Uint8Array(pixels * expected);
  for (let segment = 0; segment < segments; segment++) {
    const start = view.getUint32(4 + 4 * segment, true);
    const end = segment + 1 < segments ? view.getUint32(8 + 4 * segment, true) : frame.length;
    if (start < HEADER_BYTES || start > end || end > frame.length) return err('an RLE segment lies outside the frame');
    const sample = Math.floor(segment / bytesPerCell);
    const at = sample * bytesPerCell + (bytesPerCell - 1 - (segment % bytesPerCell));
    const written = unpack(frame.subarray(start, end), out, at, expected);
    if (written < pixels) return err(`RLE segment ${segment + 1} holds ${written} of ${pixels} bytes`);
  }
  return ok(out);
}

/** Unpacks one segment (PS3.5 §G.3.2) into every `step`-th byte from `at` on; gives the number of bytes written. */
function unpack(packed: Uint8Array, out: Uint8Array, at: number, step: number): number {
  let to = at;
  let from = 0;
  while (from < packed.length && to < out.length) {
    const control = packed[from++] as number;
    if (control < 128) {
      for (let n = 0; n <= control && from < packed.length && to < out.length; n++, to += step)
        out[to] = packed[from++] as number;
    } else if (control > 128 && from < packed.length) {
      const value = packed[from++] as number;
      for (let n = 0; n < 257 - control && to < out.length; n++, to += step) out[to] = value;
    }
  }
  return Math.ceil((to - at) / step);
}
