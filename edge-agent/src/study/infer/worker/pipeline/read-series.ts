import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { boundSeries } from '../../../decode/series-bytes.ts';
import { arrangeSeries } from '../../../decode/series-images.ts';
import type { SliceHeader } from '../../../decode/slice-header.ts';
import type { SeriesPlan } from './plan.ts';
import { inOrder } from './slices/in-order.ts';
import type { FrameAddress } from './slices/protocol.ts';
import type { SliceThreads } from './slices/slice-threads.ts';

/** Frames on their way through the threads, for each of them: one at work, one that waits, and their answers. */
const FRAMES_AHEAD = 4;

/**
 * Puts a series in order. Only headers are read: a series that is too large or no volume where one is needed is refused
 * before a pixel of it is decoded.
 *
 * @param whyVolume why it has to be a volume; undefined where images that do not say where they lie will do
 * @param bytesMax of decoded pixels, `SERIES_BYTES_MAX` when absent
 */
export async function readSeries(
  files: readonly string[],
  threads: SliceThreads,
  whyVolume?: string,
  bytesMax?: number,
): Promise<Result<Pick<SeriesPlan, 'images' | 'frames'>, Problem>> {
  const frames: (FrameAddress & { readonly header: SliceHeader })[] = [];
  let at = 0;
  for await (const headers of inOrder(files, FRAMES_AHEAD * threads.count, (file) => threads.headers(file))) {
    if (!headers.ok) return headers;
    const file = files[at++] as string;
    frames.push(...headers.value.map((header, index) => ({ file, index, header })));
  }
  const arranged = arrangeSeries(
    frames.map(({ header }) => header),
    whyVolume !== undefined,
  );
  if (!arranged.ok) return err(withReason(arranged.error, whyVolume));
  const { order, ...images } = arranged.value;
  const { slices } = images;
  const bounded = boundSeries(slices, bytesMax);
  if (!bounded.ok) return bounded;
  return ok({
    images,
    frames: order.map((index) => {
      const { file, index: frame } = frames[index] as FrameAddress;
      return { file, index: frame };
    }),
  });
}

const withReason = ({ code, detail }: Problem, whyVolume: string | undefined): Problem => ({
  code,
  detail: code === 'series-without-geometry' && whyVolume !== undefined ? `${detail}; ${whyVolume}` : detail,
});
