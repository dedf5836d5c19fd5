import { jpegSegmentAt, START_OF_SCAN } from './jpeg-segments.ts';

const JFIF = 0xe0;
const ADOBE = 0xee;

/**
 * The same JPEG stream with an Adobe segment that says whether its colours are Y Cb Cr, and nothing else that says so:
 * decoders guess where there is none, and JFIF speaks before it.
 */
export function withTransformFlag(stream: Uint8Array, ycc: boolean): Uint8Array {
  const adobe = Buffer.from([0xff, ADOBE, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, ycc ? 1 : 0]);
  const parts: Uint8Array[] = [stream.subarray(0, 2), adobe];
  let at = 2;
  for (;;) {
    const segment = jpegSegmentAt(stream, at);
    if (segment === undefined || segment.marker === START_OF_SCAN) break;
    if (segment.marker !== JFIF && segment.marker !== ADOBE) parts.push(stream.subarray(at, segment.end));
    at = segment.end;
  }
  return Buffer.concat([...parts, stream.subarray(at)]);
}
