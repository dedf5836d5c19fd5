/** How a line of `from` values is laid into one of `to`: the first value that is taken, where it goes, how many. */
export type Laid = { readonly source: number; readonly target: number; readonly count: number };

/**
 * Filling up puts half of what is missing before (one less where it is odd); cutting off keeps the middle, of two
 * middles the later one. Both as MONAI's SpatialPad and CenterSpatialCrop do.
 */
export function laid(from: number, to: number): Laid {
  if (to >= from) return { source: 0, target: Math.floor((to - from) / 2), count: from };
  return { source: Math.max(0, Math.floor(from / 2) - Math.floor(to / 2)), target: 0, count: to };
}

type Shape = readonly [number, number, number];

/** A volume (or, with one slice, an image) filled up with `value` or cut off to a size. */
export function padOrCrop(values: Float32Array, from: Shape, to: Shape, value: number): Float32Array {
  const out = new Float32Array(to[0] * to[1] * to[2]).fill(value);
  const [slices, rows, columns] = [laid(from[0], to[0]), laid(from[1], to[1]), laid(from[2], to[2])];
  for (let s = 0; s < slices.count; s++)
    for (let r = 0; r < rows.count; r++) {
      const source = ((slices.source + s) * from[1] + rows.source + r) * from[2] + columns.source;
      const target = ((slices.target + s) * to[1] + rows.target + r) * to[2] + columns.target;
      out.set(values.subarray(source, source + columns.count), target);
    }
  return out;
}
