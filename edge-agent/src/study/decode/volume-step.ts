import { err, ok, type Result } from '@collimator/shared/result';
import { variations } from './frame-labels.ts';
import type { Problem } from './problem.ts';
import type { SliceGeometry, SliceHeader } from './slice-header.ts';
import { add, dot, length, scale, subtract, type Vector } from './vector.ts';

/** A slice with its place along the normal. */
export type PlacedSlice = {
  readonly header: SliceHeader;
  readonly geometry: SliceGeometry;
  readonly index: number;
  readonly along_mm: number;
};

export type StepTolerances = {
  readonly stepShare: number;
  readonly place_mm: number;
  readonly same_mm: number;
  readonly tilt_deg: number;
};

/**
 * The step from one slice to the next, where every slice lies on the regular grid that it spans from the first one.
 * The slices are compared with their place on the grid, not with their neighbour: many small errors must not add up.
 *
 * @param placed sorted along the normal, one or more
 */
export function stepBetween(
  placed: readonly PlacedSlice[],
  normal: Vector,
  tolerances: StepTolerances,
): Result<Vector, Problem> {
  const [lowest] = placed as [PlacedSlice];
  if (placed.length === 1) return stepOfOne(lowest, normal);
  for (let i = 1; i < placed.length; i++) {
    const [below, above] = [placed[i - 1] as PlacedSlice, placed[i] as PlacedSlice];
    if (above.along_mm - below.along_mm < tolerances.same_mm) return err(samePlace(placed, below));
  }
  const highest = placed[placed.length - 1] as PlacedSlice;
  const step = scale(subtract(highest.geometry.position_mm, lowest.geometry.position_mm), 1 / (placed.length - 1));
  const distance_mm = dot(step, normal);
  const allowed_mm = Math.max(tolerances.stepShare * distance_mm, Math.min(tolerances.place_mm, distance_mm / 4));
  const uneven = placed.some(({ geometry }, i) => {
    const place = add(lowest.geometry.position_mm, scale(step, i));
    return length(subtract(geometry.position_mm, place)) > allowed_mm;
  });
  if (uneven) return err(gap(placed, step));
  const tilt_deg = (Math.acos(Math.min(1, distance_mm / length(step))) * 180) / Math.PI;
  if (tilt_deg > tolerances.tilt_deg)
    return err({
      code: 'series-tilted',
      detail: `the slices are stacked ${tilt_deg.toFixed(1)}° off their normal, at most ${tolerances.tilt_deg}°`,
    });
  return ok(step);
}

function stepOfOne({ header }: PlacedSlice, normal: Vector): Result<Vector, Problem> {
  const thickness = header.sliceThickness_mm;
  if (thickness !== undefined && thickness > 0) return ok(scale(normal, thickness));
  return err({ code: 'series-without-geometry', detail: 'a single slice without a slice thickness' });
}

function samePlace(placed: readonly PlacedSlice[], { along_mm }: PlacedSlice): Problem {
  const why = variations(placed.map(({ header }) => header));
  const detail = `two slices at ${along_mm.toFixed(2)} mm along the normal`;
  return {
    code: 'series-duplicate-slices',
    detail: why.length === 0 ? detail : `${detail}; there are ${why.join(', ')}`,
  };
}

/** Names the step that is furthest from the mean: where a slice is missing, it is the one over the hole. */
function gap(placed: readonly PlacedSlice[], mean: Vector): Problem {
  let worst = { at: 1, step_mm: 0, off_mm: -1 };
  for (let i = 1; i < placed.length; i++) {
    const [below, above] = [placed[i - 1] as PlacedSlice, placed[i] as PlacedSlice];
    const step = subtract(above.geometry.position_mm, below.geometry.position_mm);
    const off_mm = length(subtract(step, mean));
    if (off_mm > worst.off_mm) worst = { at: i, step_mm: length(step), off_mm };
  }
  const { at, step_mm } = worst;
  const detail = `${step_mm.toFixed(3)} mm from slice ${at} to ${at + 1} of ${placed.length}, ${length(mean).toFixed(3)} mm in the mean`;
  return { code: 'series-gap', detail };
}
