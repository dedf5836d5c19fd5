import type { ClassificationStage, SegmentationStage } from '@collimator/shared/contracts/release';
import type { VolumeGeometry } from '../../../decode/volume.ts';
import { contiguous, type Given, type Span, wholeVolume } from './given.ts';
import type { Classified } from './results/classification.ts';
import { verdictOf } from './results/classification.ts';
import type { Masks } from './tasks/masks.ts';

type Spacing = Pick<VolumeGeometry, 'slices' | 'rows' | 'columns' | 'spacing_mm'>;

/** The box around a segment with a margin, or all of the slices it lies on; nothing where it is not there. */
export function regionOf(stage: SegmentationStage, { masks }: Masks, geometry: Spacing): Given | undefined {
  const { selection } = stage;
  if (selection === undefined) return wholeVolume(geometry as VolumeGeometry);
  const mask = masks.find(({ segment }) => segment === selection.segment)?.voxels;
  const bounds = mask === undefined ? undefined : boundsOf(mask, geometry);
  if (bounds === undefined) return undefined;
  const { spacing_mm } = geometry;
  const slices = widened(bounds.slices, selection.margin_mm / spacing_mm.slices, geometry.slices);
  const listed = Array.from({ length: slices[1] - slices[0] }, (_, i) => slices[0] + i);
  if (selection.select === 'slices')
    return { slices: listed, rows: [0, geometry.rows], columns: [0, geometry.columns] };
  return {
    slices: listed,
    rows: widened(bounds.rows, selection.margin_mm / spacing_mm.rows, geometry.rows),
    columns: widened(bounds.columns, selection.margin_mm / spacing_mm.columns, geometry.columns),
  };
}

/**
 * The slices on which a class is present, with those near them; images that are no volume have none near.
 *
 * @param given what the stage worked on: an item is a slice of it
 */
export function slicesOf(
  stage: ClassificationStage,
  { items }: Classified,
  given: Given,
  geometry: Spacing | undefined,
): Given | undefined {
  const { selection, labels } = stage;
  if (selection === undefined) return given;
  const index = labels.findIndex(({ label }) => label === selection.label);
  const label = labels[index];
  if (label === undefined) return undefined;
  const present = given.slices.filter((_, item) => verdictOf(label, items[item]?.[index] as number) === 'present');
  if (present.length === 0) return undefined;
  const near = geometry === undefined ? 0 : Math.ceil(selection.margin_mm / geometry.spacing_mm.slices);
  const slices = given.slices.filter((slice) => present.some((one) => Math.abs(one - slice) <= near));
  return { ...given, slices };
}

/** A volume has no slice missing between its first and its last. */
export const givenTo = (unit: 'slice' | 'volume', given: Given): Given =>
  unit === 'volume' ? contiguous(given) : given;

function widened([from, to]: Span, by: number, most: number): Span {
  const whole = Math.ceil(by);
  return [Math.max(0, from - whole), Math.min(most, to + whole)];
}

function boundsOf(
  mask: Uint8Array,
  { rows, columns }: Pick<Spacing, 'rows' | 'columns'>,
): { readonly slices: Span; readonly rows: Span; readonly columns: Span } | undefined {
  const low = [mask.length, mask.length, mask.length];
  const high = [-1, -1, -1];
  const reach = (axis: 0 | 1 | 2, at: number): void => {
    low[axis] = Math.min(low[axis] as number, at);
    high[axis] = Math.max(high[axis] as number, at);
  };
  for (let line = 0; line * columns < mask.length; line++) {
    const pixels = mask.subarray(line * columns, (line + 1) * columns);
    const first = pixels.findIndex((value) => value !== 0);
    if (first < 0) continue;
    reach(0, Math.floor(line / rows));
    reach(1, line % rows);
    reach(2, first);
    reach(
      2,
      pixels.findLastIndex((value) => value !== 0),
    );
  }
  if ((high[0] as number) < 0) return undefined;
  const span = (axis: number): Span => [low[axis] as number, (high[axis] as number) + 1];
  return { slices: span(0), rows: span(1), columns: span(2) };
}
