import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from './problem.ts';
import type { SliceHeader } from './slice-header.ts';

/** Most bytes of decoded pixels of one series. All of them are held at once; larger ones would end the process. */
export const SERIES_BYTES_MAX = 4 * 1024 ** 3;

/** Refuses a series whose pixels would take more than the bound; what it takes in files, compressed, does not matter. */
export function boundSeries(
  headers: readonly SliceHeader[],
  bytesMax: number = SERIES_BYTES_MAX,
): Result<number, Problem> {
  const bytes = headers.reduce((sum, { format }) => sum + decodedBytes(format), 0);
  if (bytes <= bytesMax) return ok(bytes);
  const detail = `${headers.length} images of ${bytes} bytes decoded, at most ${bytesMax} (SERIES_BYTES_MAX)`;
  return err({ code: 'series-too-large', detail });
}

/** Of one frame: there is a header for each. */
const decodedBytes = ({ rows, columns, samplesPerPixel, bitsAllocated }: SliceHeader['format']): number =>
  rows * columns * samplesPerPixel * Math.ceil(bitsAllocated / 8);
