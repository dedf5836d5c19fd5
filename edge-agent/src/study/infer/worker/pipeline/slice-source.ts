import { CodedError } from '@collimator/shared/errors/coded-error';
import type { Plane, SourceSlice } from '@collimator/shared/imaging/slice';
import { ok, type Result } from '@collimator/shared/result';
import type { Problem } from '../../../decode/problem.ts';
import { inOrder } from './slices/in-order.ts';
import { cropped, type Given } from './given.ts';
import type { FittedOps, FrameAddress } from './slices/protocol.ts';
import type { SliceThreads } from './slices/slice-threads.ts';

/** The decoded slices of one series, as one worker has them. */
export type SliceSource = {
  /** What is given of the slices, decoded; those that fit are kept for `input`. */
  all(given: Given): Promise<Result<readonly SourceSlice[], Problem>>;
  /**
   * The model's input for what is given of a slice, by its index in the volume. One that was kept is given up by it.
   *
   * @param values how many are expected; in shared memory then, if it is so many
   */
  input(index: number, fitted: FittedOps, given: Given, values?: number): Promise<Result<Plane, Problem>>;
  /** A slice as it is stored; throws when it cannot be decoded now. */
  slice(index: number): Promise<SourceSlice>;
  /** Gives up what was kept. */
  forget(): void;
};

/** Frames on their way through the threads, for each of them: one at work, one that waits, and their answers. */
const FRAMES_AHEAD = 4;

/** Decoded pixels that a worker keeps, of its newest job, so that they are not decoded twice. */
export const KEPT_BYTES_MAX = 1024 ** 3;

export function createSliceSource(
  frames: readonly FrameAddress[],
  threads: SliceThreads,
  keptBytesMax = KEPT_BYTES_MAX,
): SliceSource {
  const kept = new Map<number, SourceSlice>();
  return {
    async all(given) {
      const slices: SourceSlice[] = [];
      let bytes = 0;
      const decode = (index: number) => threads.decode(frames[index] as FrameAddress);
      for await (const slice of inOrder(given.slices, FRAMES_AHEAD * threads.count, decode)) {
        if (!slice.ok) return slice;
        bytes += slice.value.pixels.byteLength;
        if (bytes <= keptBytesMax) kept.set(given.slices[slices.length] as number, slice.value);
        slices.push(cropped(slice.value, given));
      }
      return ok(slices);
    },
    async input(index, fitted, { rows, columns }, values) {
      const slice = kept.get(index);
      if (slice === undefined) return threads.input(frames[index] as FrameAddress, fitted, { rows, columns }, values);
      kept.delete(index);
      return ok(await threads.preprocess(slice, fitted, { rows, columns }, values));
    },
    async slice(index) {
      const slice = kept.get(index);
      if (slice !== undefined) return slice;
      const decoded = await threads.decode(frames[index] as FrameAddress);
      if (!decoded.ok) throw new CodedError(decoded.error.code, decoded.error.detail);
      return decoded.value;
    },
    forget: () => kept.clear(),
  };
}
