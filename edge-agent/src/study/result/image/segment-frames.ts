import { nextMarked } from '@collimator/shared/imaging/marked';
import type { SegmentMask } from '../../measure/segment-findings.ts';

/** One frame of a segmentation: a slice of the mask of one segment. */
export type SegmentFrame = {
  readonly segment: number;
  /** Index of the source slice. */
  readonly slice: number;
  /** Rows × columns, 0 or not. */
  readonly pixels: Uint8Array;
};

export type { SegmentMask };

/**
 * The frames to write: by segment, then by slice; empty ones are left out. A segmentation has at least one frame
 * (PS3.3 §C.7.6.16), so when all masks are empty the first slice of the first segment stands there, empty.
 *
 * @param sliceVoxels rows × columns
 */
export function segmentFrames(masks: readonly SegmentMask[], sliceVoxels: number): readonly SegmentFrame[] {
  const all = [...masks]
    .sort((a, b) => a.segment - b.segment)
    .flatMap(({ segment, voxels }) =>
      Array.from({ length: voxels.length / sliceVoxels }, (_, slice) => ({
        segment,
        slice,
        pixels: voxels.subarray(slice * sliceVoxels, (slice + 1) * sliceVoxels),
      })),
    );
  const filled = all.filter((frame) => isMarked(frame.pixels));
  return filled.length > 0 ? filled : all.slice(0, 1);
}

const isMarked = (pixels: Uint8Array): boolean => nextMarked(pixels, 0, pixels.length) < pixels.length;

/** Whether any voxel lies in more than one segment. */
export function segmentsOverlap(masks: readonly SegmentMask[]): boolean {
  const [first, ...others] = masks;
  if (first === undefined || others.length === 0) return false;
  const seen = Uint8Array.from(first.voxels);
  for (const { voxels } of others)
    for (let i = 0; i < seen.length; i++) {
      if (voxels[i] === 0) continue;
      if (seen[i] !== 0) return true;
      seen[i] = 1;
    }
  return false;
}
