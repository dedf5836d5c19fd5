import { err, ok, type Result } from '@collimator/shared/result';
import { Decoder } from 'jpeg-lossless-decoder-js';
import type { JpegStreamHeader } from './jpeg-stream-header.ts';

/** The library halves without rounding down, and is one off where values go around zero, as signed ones do. */
class RoundingDecoder extends Decoder {
  override select7(component?: number): number {
    return (this.getPreviousX(component) + this.getPreviousY(component)) >> 1;
  }
}

/**
 * Decodes lossless JPEG (ITU-T T.81 process 14, all predictors). What the library does wrong is refused by name: colours
 * of more than 8 bits or in scans of their own, point transforms, and restarts but of a single component predicted from
 * the left.
 *
 * @param header checked: rows, columns, components and precision are the image's
 */
export function decodeLosslessJpeg(
  stream: Uint8Array,
  header: JpegStreamHeader,
): Result<Uint8Array | Uint16Array, string> {
  const why = whyNot(header);
  if (why !== undefined) return err(`lossless JPEG with ${why}`);
  const decoder = new RoundingDecoder();
  try {
    const bytesPerSample = header.precision <= 8 ? 1 : 2;
    const { buffer, byteOffset, length } = stream;
    const samples = decoder.decode(buffer as ArrayBuffer, byteOffset, length, bytesPerSample);
    // It goes on with zeros behind the end, and stops at any marker: only its own position tells that it got through.
    const through = decoder.yLoc === header.rows && (decoder.stream?.index ?? Infinity) <= length;
    return samples !== null && through ? ok(samples) : err('the lossless JPEG stream ends before its last pixel');
  } catch (error) {
    return err(`the lossless JPEG stream cannot be decoded: ${error instanceof Error ? error.message : 'unknown'}`);
  }
}

function whyNot({ components, precision, scan, restartInterval }: JpegStreamHeader): string | undefined {
  const { length } = components;
  if (length !== 1 && length !== 3) return `${length} components`;
  if (scan.components !== length) return 'a scan for each component';
  if (components.some(({ across, down }) => across !== 1 || down !== 1)) return 'subsampled components';
  if (length === 3 && precision > 8) return `colours of ${precision} bits`;
  if (scan.selection < 1 || scan.selection > 7) return `predictor ${scan.selection}`;
  if (scan.pointTransform !== 0) return 'a point transform';
  if (restartInterval !== 0 && (length === 3 || scan.selection !== 1)) return 'restarts';
  return undefined;
}
