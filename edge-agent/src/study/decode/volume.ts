import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from './problem.ts';
import { mixedIdentity, mixedVolumes, withoutLocalizers } from './series-mixture.ts';
import type { SliceGeometry, SliceHeader } from './slice-header.ts';
import { add, cross, dot, length, scale, type Vector } from './vector.ts';
import { type PlacedSlice, stepBetween } from './volume-step.ts';

/** Where the voxels of a series lie; voxel [slice, row, column] is at origin + slice × step + row × … + column × …. */
export type VolumeGeometry = {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** Centre of the first voxel of the first slice. */
  readonly origin_mm: Vector;
  readonly rowCosines: Vector;
  readonly columnCosines: Vector;
  /**
   * From one slice to the next; not along the normal where the gantry was tilted. Such a volume is a parallelepiped:
   * `voxel_mm3` and each slice's own position hold for it as they do for a box, and nothing is resampled.
   */
  readonly step_mm: Vector;
  /** Between slices along the normal, between rows, between columns. */
  readonly spacing_mm: { readonly slices: number; readonly rows: number; readonly columns: number };
  readonly voxel_mm3: number;
};

export type Volume = {
  readonly geometry: VolumeGeometry;
  /** Sorted: the position along the normal (row × column) grows. */
  readonly slices: readonly SliceHeader[];
  /** Index of each of them in the list that was given. */
  readonly order: readonly number[];
  /** How many of the list were left out as localizers. */
  readonly localizersLeftOut: number;
};

export type VolumeTolerances = {
  /** Largest difference of two direction cosines that are still the same. */
  readonly cosine: number;
  /** Largest relative difference of two pixel spacings that are still the same. */
  readonly spacing: number;
  /** A slice may lie off its place on the regular grid by this share of the step … */
  readonly stepShare: number;
  /** … or by this much (but never a quarter of the step), for positions that were rounded. */
  readonly place_mm: number;
  /** Slices closer than this along the normal lie at the same place. */
  readonly same_mm: number;
  /** Largest angle between the step and the normal. Gantries tilt by 30°; what is far beyond is no tilt but an error. */
  readonly tilt_deg: number;
};

export const defaultVolumeTolerances: VolumeTolerances = {
  cosine: 1e-3,
  spacing: 1e-3,
  stepShare: 0.02,
  place_mm: 0.05,
  same_mm: 0.01,
  tilt_deg: 45,
};

/**
 * Puts the slices of a series in order along their normal, and refuses what is no regular volume: a measurement on
 * it would be wrong, silently. The order in which the slices are given does not matter. Localizers beside other images
 * are left out; what is of several volumes is refused, because nothing says which of them is meant.
 */
export function assembleVolume(
  given: readonly SliceHeader[],
  tolerances = defaultVolumeTolerances,
): Result<Volume, Problem> {
  if (given.length === 0) return refuse('series-empty', 'no slices');
  const identity = mixedIdentity(given);
  if (identity !== undefined) return err(identity);
  const kept = withoutLocalizers(given);
  const slices = kept.map((index) => given[index] as SliceHeader);
  const [first] = slices;
  if (first === undefined) return refuse('series-localizers', `${given.length} of ${given.length} images`);
  const unusable = slices.find((slice) => slice.unusable !== undefined)?.unusable;
  if (unusable !== undefined) return refuse('image-unsupported', unusable);
  const bare = slices.filter((slice) => slice.geometry === undefined);
  const reference = first.geometry;
  if (bare.length > 0 || reference === undefined)
    return refuse('series-without-geometry', withoutGeometry(bare, slices));
  if (first.frameOfReferenceUid === undefined) return refuse('series-without-geometry', 'no frame of reference');
  const problem = mixedVolumes(slices) ?? orientation(slices, reference, tolerances);
  if (problem !== undefined) return err(problem);

  const normal = cross(reference.rowCosines, reference.columnCosines);
  const placed = slices
    .map((header, i): PlacedSlice => {
      const geometry = header.geometry ?? reference;
      return { header, geometry, index: kept[i] as number, along_mm: dot(geometry.position_mm, normal) };
    })
    .sort((a, b) => a.along_mm - b.along_mm);
  const step = stepBetween(placed, normal, tolerances);
  if (!step.ok) return step;

  const distance_mm = dot(step.value, normal);
  // The lowest slice, not the one given first: shuffled slices give the same volume to the last bit.
  const { geometry: lowest, header } = placed[0] as PlacedSlice;
  return ok({
    geometry: {
      slices: slices.length,
      rows: header.format.rows,
      columns: header.format.columns,
      origin_mm: lowest.position_mm,
      rowCosines: lowest.rowCosines,
      columnCosines: lowest.columnCosines,
      step_mm: step.value,
      spacing_mm: { slices: distance_mm, ...lowest.spacing_mm },
      voxel_mm3: distance_mm * lowest.spacing_mm.rows * lowest.spacing_mm.columns,
    },
    slices: placed.map((slice) => slice.header),
    order: placed.map((slice) => slice.index),
    localizersLeftOut: given.length - slices.length,
  });
}

const withoutGeometry = (bare: readonly SliceHeader[], slices: readonly SliceHeader[]): string =>
  bare.some((slice) => slice.frame !== undefined)
    ? `${bare.length} of ${slices.length} slices, frames of multi-frame images that say no place of their frames`
    : `${bare.length} of ${slices.length} slices`;

/** The patient's coordinates of the centre of a voxel. */
export function voxelCentre(geometry: VolumeGeometry, slice: number, row: number, column: number): Vector {
  const { origin_mm, step_mm, columnCosines, rowCosines, spacing_mm } = geometry;
  const down = scale(columnCosines, row * spacing_mm.rows);
  const across = scale(rowCosines, column * spacing_mm.columns);
  return add(add(origin_mm, scale(step_mm, slice)), add(down, across));
}

function orientation(
  slices: readonly SliceHeader[],
  reference: SliceGeometry,
  { cosine, spacing }: VolumeTolerances,
): Problem | undefined {
  const { rowCosines, columnCosines } = reference;
  const skew = [length(rowCosines) - 1, length(columnCosines) - 1, dot(rowCosines, columnCosines)];
  if (skew.some((value) => Math.abs(value) > 10 * cosine))
    return {
      code: 'series-without-geometry',
      detail: 'the direction cosines are not two unit vectors at right angles',
    };
  const apart = (a: Vector, b: Vector): boolean => a.some((value, i) => Math.abs(value - (b[i] as number)) > cosine);
  const differs = (a: number, b: number): boolean => Math.abs(a - b) > spacing * b;
  for (const { geometry } of slices) {
    if (geometry === undefined) continue;
    if (apart(geometry.rowCosines, rowCosines) || apart(geometry.columnCosines, columnCosines))
      return { code: 'series-mixed-orientation', detail: 'slices of more than one orientation' };
    if (
      differs(geometry.spacing_mm.rows, reference.spacing_mm.rows) ||
      differs(geometry.spacing_mm.columns, reference.spacing_mm.columns)
    )
      return { code: 'series-mixed-size', detail: 'slices of more than one pixel spacing' };
  }
  return undefined;
}

const refuse = (code: Problem['code'], detail: string): Result<never, Problem> => err({ code, detail });
