import { err, ok, type Result } from '@collimator/shared/result';
import type { Fragments } from './fragments.ts';

/** Index of the first fragment of each frame; a frame ends where the next one begins. */
export type FirstFragments = readonly number[];

/**
 * Which fragments make which frame (PS3.5 §A.4, PS3.3 §C.7.6.3.1.8). In this order: one frame is everything; as many
 * fragments as frames are one each; an offset table, the extended one first, that fits the fragments; undefined when
 * only the streams themselves can tell.
 *
 * @param extendedOffsets entries of the Extended Offset Table; none when absent
 */
export function framesByTable(
  fragments: Fragments,
  frames: number,
  extendedOffsets: readonly number[],
): Result<FirstFragments | undefined, string> {
  const count = fragments.dataAt.length;
  if (count < frames) return err(`${count} fragments for ${frames} frames`);
  if (frames === 1) return ok([0]);
  if (count === frames) return ok(Array.from({ length: frames }, (_, i) => i));
  return ok(byOffsets(fragments, frames, extendedOffsets) ?? byOffsets(fragments, frames, fragments.basicOffsets));
}

/** A table is believed where it names a fragment's beginning for each frame, in order from the first on. */
function byOffsets(
  { dataAt, base }: Fragments,
  frames: number,
  offsets: readonly number[],
): FirstFragments | undefined {
  if (offsets.length !== frames || offsets[0] !== 0) return undefined;
  const first: number[] = [];
  let fragment = 0;
  for (const offset of offsets) {
    // Offsets point at the head of an item, 8 bytes before its data.
    while (fragment < dataAt.length && (dataAt[fragment] as number) - 8 - base < offset) fragment++;
    if (fragment === dataAt.length || (dataAt[fragment] as number) - 8 - base !== offset) return undefined;
    first.push(fragment++);
  }
  return first;
}

/** The same without a table, from where compressed images begin. */
export function framesByStarts(starts: readonly boolean[], frames: number): Result<FirstFragments, string> {
  const first = starts.flatMap((begins, i) => (begins ? [i] : []));
  if (first[0] !== 0 || first.length !== frames)
    return err(
      `${starts.length} fragments without a usable offset table, ${first.length} of them begin a frame of ${frames}`,
    );
  return ok(first);
}
