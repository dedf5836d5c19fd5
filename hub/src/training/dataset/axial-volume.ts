import type { SpacingMm } from '@collimator/shared/imaging/measure';
import type { Pixels, SourceSlice } from '@collimator/shared/imaging/slice';
import { err, ok, type Result } from '@collimator/shared/result';
import type { NiftiVolume } from './nifti.ts';

/**
 * A volume as axial slices the way a DICOM image shows them: slices run from the feet to the head, rows from the
 * front to the back, columns from the patient's right to the left (the LPS+ axes of PS3.3 §C.7.6.2).
 */
export type AxialVolume = {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  readonly spacing: SpacingMm;
  /** [slices, rows, columns], stored values. */
  readonly voxels: Pixels;
  readonly slope: number;
  readonly intercept: number;
};

/** One slice, without copying. */
export function sliceOf(volume: AxialVolume, index: number): SourceSlice {
  const size = volume.rows * volume.columns;
  return {
    pixels: volume.voxels.subarray(index * size, (index + 1) * size),
    rows: volume.rows,
    columns: volume.columns,
    slope: volume.slope,
    intercept: volume.intercept,
  };
}

/**
 * Turns and mirrors a NIfTI volume into axial order; voxels are moved, never interpolated.
 * An oblique volume goes to the nearest axes; one for which two axes are equally near is refused.
 */
export function toAxial(nifti: NiftiVolume): Result<AxialVolume, string> {
  const column = (axis: number): number[] => nifti.affine.map((row) => row[axis] as number);
  const world = [0, 1, 2].map((axis) => largest(column(axis)));
  if (new Set(world).size !== 3) return err('the orientation is too oblique to be put into axial slices');
  // The stored axis along each world axis (x, y, z), and whether it runs towards L, P or S.
  const along = [0, 1, 2].map((w) => world.indexOf(w)) as [number, number, number];
  const forward = along.map((axis, w) => (w === 2 ? 1 : -1) * (column(axis)[w] as number) > 0);
  const [columns, rows, slices] = along.map((axis) => nifti.dims[axis] as number) as [number, number, number];
  const strides = [1, nifti.dims[0], nifti.dims[0] * nifti.dims[1]];
  const step = along.map((axis, w) => (strides[axis] as number) * (forward[w] === true ? 1 : -1)) as [
    number,
    number,
    number,
  ];
  const start = [columns, rows, slices].reduce(
    (sum, size, w) => sum + (forward[w] === true ? 0 : (size - 1) * (strides[along[w] as number] as number)),
    0,
  );
  const voxels = nifti.voxels.slice();
  let to = 0;
  for (let s = 0; s < slices; s++)
    for (let r = 0; r < rows; r++)
      for (let c = 0, from = start + s * step[2] + r * step[1]; c < columns; c++, from += step[0])
        voxels[to++] = nifti.voxels[from] as number;
  const spacing = along.map((axis) => Math.hypot(...column(axis))) as [number, number, number];
  return ok({
    slices,
    rows,
    columns,
    spacing: { slices: spacing[2], rows: spacing[1], columns: spacing[0] },
    voxels,
    slope: nifti.slope,
    intercept: nifti.intercept,
  });
}

const largest = (vector: readonly number[]): number =>
  vector.reduce((best, value, i) => (Math.abs(value) > Math.abs(vector[best] as number) ? i : best), 0);
