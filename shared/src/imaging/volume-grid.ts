/** A position or size along the three axes of a volume, first axis first. */
export type Triple<T = number> = readonly [T, T, T];

/**
 * How places along an axis of a volume stand to those along an axis of its source (0 slices, 1 rows, 2 columns):
 * the source's index is offset + scale × index, in whole voxels from centre to centre.
 */
export type AxisMap = { readonly source: 0 | 1 | 2; readonly scale: number; readonly offset: number };

/** Voxels in the order of their axes, the last one fastest; where there are several channels, one after the other. */
export type VolumeGrid = {
  readonly values: Float32Array;
  readonly shape: Triple;
  readonly channels: number;
  readonly maps: Triple<AxisMap>;
};

export const voxelsOf = ([a, b, c]: Triple): number => a * b * c;
export const triple = <T>(of: (axis: 0 | 1 | 2) => T): Triple<T> => [of(0), of(1), of(2)];

export const identityMaps: Triple<AxisMap> = triple((source) => ({ source, scale: 1, offset: 0 }));

/** The map with an index laid on another: `inner` gives the index that `map` takes. */
export const within = (map: AxisMap, inner: { readonly scale: number; readonly offset: number }): AxisMap => ({
  source: map.source,
  scale: map.scale * inner.scale,
  offset: map.offset + map.scale * inner.offset,
});
