/**
 * The slices on which a mask is largest, in the order of the volume.
 *
 * @param mask [slices, rows, columns], 0 or not
 * @param most how many at most
 */
export function keySlices(mask: Uint8Array, sliceVoxels: number, most: number): readonly number[] {
  const counts = Array.from({ length: mask.length / sliceVoxels }, (_, slice) => {
    let count = 0;
    for (let i = slice * sliceVoxels; i < (slice + 1) * sliceVoxels; i++) if (mask[i] !== 0) count += 1;
    return { slice, count };
  });
  return counts
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.slice - b.slice)
    .slice(0, most)
    .map(({ slice }) => slice)
    .sort((a, b) => a - b);
}
