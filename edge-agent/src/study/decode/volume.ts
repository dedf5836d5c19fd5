import { err, ok, type Result } from '@collimator/shared/result';
import type { Problem } from './problem.ts';
import type { SliceGeometry, SliceHeader } from './slice-header.ts';
import { add, cross, dot, length, scale, subtract, type Vector } from './vector.ts';

/** Where the voxels of a series lie; voxel [slice, row, column] is at origin + slice × step + row × … + column × …. */
export type VolumeGeometry = {
  readonly slices: number;
  readonly rows: number;
  readonly columns: number;
  /** Centre of the first voxel of the first slice. */
  readonly origin_mm: Vector;
  readonly rowCosines: Vector;
  readonly columnCosines: Vector;
  /** From one slice to the next; not along the normal where the gantry was tilted. */
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
};

export type VolumeTolerances = {
  /** Largest difference of two direction cosines that are still the same. */
  readonly cosine: number;
  /** Largest relative difference of two pixel spacings that are still the same. */
  readonly spacing: number;
  /** A step between two slices may differ from the mean by this share of it … */
  readonly stepShare: number;
  /** … or by this much, for positions that were rounded. */
  readonly step_mm: number;
};

export const defaultVolumeTolerances: VolumeTolerances = {
  cosine: 1e-3,
  spacing: 1e-3,
  stepShare: 0.02,
  step_mm: 0.01,
};

type Placed = {
  readonly header: SliceHeader;
  readonly geometry: SliceGeometry;
  readonly index: number;
  readonly along_mm: number;
};

/**
 * Puts the slices of a series in order along their normal, and refuses what is no regular volume: a measurement on
 * it would be wrong, silently. The order in which the slices are given does not matter.
 */
export function assembleVolume(
  slices: readonly SliceHeader[],
  tolerances = defaultVolumeTolerances,
): Result<Volume, Problem> {
  const [first] = slices;
  if (first === undefined) return refuse('series-empty', 'no slices');
  const bare = slices.filter((slice) => slice.geometry === undefined).length;
  const reference = first.geometry;
  if (bare > 0 || reference === undefined)
    return refuse('series-without-geometry', `${bare} of ${slices.length} slices`);
  if (first.frameOfReferenceUid === undefined) return refuse('series-without-geometry', 'no frame of reference');
  const problem = mixture(slices, first) ?? orientation(slices, reference, tolerances);
  if (problem !== undefined) return err(problem);

  const normal = cross(reference.rowCosines, reference.columnCosines);
  const placed = slices
    .map((header, index): Placed => {
      const geometry = header.geometry ?? reference;
      return { header, geometry, index, along_mm: dot(geometry.position_mm, normal) };
    })
    .sort((a, b) => a.along_mm - b.along_mm);
  const step = stepOf(placed, normal, tolerances);
  if (!step.ok) return step;

  const distance_mm = dot(step.value, normal);
  // The lowest slice, not the one given first: shuffled slices give the same volume to the last bit.
  const { geometry: lowest, header } = placed[0] as Placed;
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
  });
}

/** The patient's coordinates of the centre of a voxel. */
export function voxelCentre(geometry: VolumeGeometry, slice: number, row: number, column: number): Vector {
  const { origin_mm, step_mm, columnCosines, rowCosines, spacing_mm } = geometry;
  const down = scale(columnCosines, row * spacing_mm.rows);
  const across = scale(rowCosines, column * spacing_mm.columns);
  return add(add(origin_mm, scale(step_mm, slice)), add(down, across));
}

function mixture(slices: readonly SliceHeader[], first: SliceHeader): Problem | undefined {
  const same: readonly (readonly [string, (slice: SliceHeader) => unknown])[] = [
    ['patient', (slice) => slice.patientKey],
    ['study', (slice) => slice.studyInstanceUid],
    ['series', (slice) => slice.seriesInstanceUid],
    ['frame of reference', (slice) => slice.frameOfReferenceUid],
  ];
  const mixed = same.filter(([, key]) => slices.some((slice) => key(slice) !== key(first))).map(([name]) => name);
  if (mixed.length > 0) return { code: 'series-mixed', detail: `more than one ${mixed.join(', ')}` };
  const size = ({ format }: SliceHeader): string => `${format.rows}×${format.columns}`;
  const sizes = [...new Set(slices.map(size))].sort();
  if (sizes.length > 1) return { code: 'series-mixed-size', detail: sizes.slice(0, 4).join(', ') };
  return undefined;
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

/** The mean step between neighbours, where every single one is close to it. */
function stepOf(placed: readonly Placed[], normal: Vector, tolerances: VolumeTolerances): Result<Vector, Problem> {
  const [lowest] = placed as [Placed];
  if (placed.length === 1) {
    const thickness = lowest.header.sliceThickness_mm;
    if (thickness === undefined || thickness <= 0)
      return refuse('series-without-geometry', 'a single slice without a slice thickness');
    return ok(scale(normal, thickness));
  }
  const highest = placed[placed.length - 1] as Placed;
  const mean = scale(subtract(highest.geometry.position_mm, lowest.geometry.position_mm), 1 / (placed.length - 1));
  const allowed_mm = Math.max(tolerances.step_mm, tolerances.stepShare * dot(mean, normal));
  for (let i = 1; i < placed.length; i++) {
    const [below, above] = [placed[i - 1] as Placed, placed[i] as Placed];
    if (above.along_mm - below.along_mm < tolerances.step_mm)
      return refuse('series-duplicate-slices', `two slices at ${below.along_mm.toFixed(2)} mm along the normal`);
  }
  for (let i = 1; i < placed.length; i++) {
    const [below, above] = [placed[i - 1] as Placed, placed[i] as Placed];
    const step = subtract(above.geometry.position_mm, below.geometry.position_mm);
    if (length(subtract(step, mean)) > allowed_mm)
      return refuse(
        'series-gap',
        `${length(step).toFixed(3)} mm from slice ${i} to ${i + 1} of ${placed.length}, ${length(mean).toFixed(3)} mm in the mean`,
      );
  }
  return ok(mean);
}

const refuse = (code: Problem['code'], detail: string): Result<never, Problem> => err({ code, detail });
