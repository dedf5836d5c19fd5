import type { SourceSlice } from '@collimator/shared/imaging/slice';

/** Over the voxels of a segment, in rescaled values (Rescale Slope and Intercept applied). */
export type Intensity = { readonly mean: number; readonly min: number; readonly max: number; readonly std: number };

/** A slice of the volume by its index, decoded when it is asked for. */
export type SliceAt = (index: number) => Promise<SourceSlice>;

/**
 * Mean, extremes and standard deviation (of the population) of the voxels that a mask marks.
 *
 * @param sliceAt asked only for slices with a marked voxel, one after the other
 * @param mask [slices, rows, columns], 0 or not
 * @param size rows × columns
 * @returns nothing where no voxel is marked
 */
export async function intensityOf(sliceAt: SliceAt, mask: Uint8Array, size: number): Promise<Intensity | undefined> {
  // Welford's method: a mean of millions of values keeps its digits.
  let [count, mean, squares, min, max] = [0, 0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let s = 0; s < mask.length / size; s++) {
    const base = s * size;
    if (!mask.subarray(base, base + size).some((value) => value !== 0)) continue;
    const { pixels, slope = 1, intercept = 0 } = await sliceAt(s);
    for (let i = 0; i < size; i++) {
      if (mask[base + i] === 0) continue;
      const value = (pixels[i] as number) * slope + intercept;
      count += 1;
      const off = value - mean;
      mean += off / count;
      squares += off * (value - mean);
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return count === 0 ? undefined : { mean, min, max, std: Math.sqrt(squares / count) };
}
