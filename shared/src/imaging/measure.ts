/** Voxel size in millimetres: between slices, between rows, between columns. */
export type SpacingMm = { readonly slices: number; readonly rows: number; readonly columns: number };

/** Number of voxels of each value above 0; index = value. */
export function countVoxels(mask: Uint8Array): Float64Array {
  const counts = new Float64Array(256);
  for (const value of mask) counts[value] = (counts[value] as number) + 1;
  return counts;
}

/** Volume of a number of voxels in millilitres. */
export const volumeMl = (voxels: number, spacing: SpacingMm): number =>
  (voxels * spacing.slices * spacing.rows * spacing.columns) / 1000;
