export type Orientation = 'axial' | 'coronal' | 'sagittal' | 'oblique';

/** Cosine of 45°: beyond it a slice is nearer to another plane. A little less, so that exactly 45° is oblique. */
const NEAR = Math.SQRT1_2 + 1e-3;

/**
 * The anatomical plane of an image from Image Orientation (Patient) (0020,0037), PS3.3 §C.7.6.2.1.1:
 * the axis of the patient that the slice normal is nearest to, or 'oblique' where none is near.
 *
 * @param cosines six direction cosines, row then column; undefined when they are not six numbers of unit vectors
 */
export function orientationOf(cosines: readonly number[] | undefined): Orientation | undefined {
  if (cosines === undefined || cosines.length !== 6 || !cosines.every(Number.isFinite)) return undefined;
  const [rx, ry, rz, cx, cy, cz] = cosines as [number, number, number, number, number, number];
  const normal = [ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx] as const;
  const length = Math.hypot(...normal);
  if (Math.abs(length - 1) > 0.05) return undefined;
  const [x, y, z] = normal.map((part) => Math.abs(part) / length) as [number, number, number];
  if (z > NEAR) return 'axial';
  if (y > NEAR) return 'coronal';
  if (x > NEAR) return 'sagittal';
  return 'oblique';
}
