import type { Measurement, SegmentationStage, Statement } from '@collimator/shared/contracts/release';
import { countMarked } from '@collimator/shared/imaging/marked';
import type { VolumeGeometry } from '../decode/volume.ts';
import { diametersOf } from './diameters.ts';
import { type Intensity, intensityOf, type SliceAt } from './intensity.ts';
import { keySlices } from './key-slices.ts';
import { type Outline, outlinesOf, signedArea } from './outlines.ts';
import { largestPart } from './slice-parts.ts';

/** The mask of one segment; [slices, rows, columns], 0 or not. */
export type SegmentMask = { readonly segment: number; readonly voxels: Uint8Array };

/** `intensity-…` in the rescaled values of the source; all others in the unit that the release names. */
export type MeasuredValue = { readonly kind: Measurement['kind']; readonly value: number };

/** The largest part of a segment on the slice where most of it is marked. */
export type Region = {
  /** Index of the slice in its volume. */
  readonly slice: number;
  readonly outline: Outline;
  readonly values: readonly MeasuredValue[];
};

/** What was found of one segment. */
export type SegmentFinding = {
  readonly segment: number;
  readonly voxels: number;
  readonly volume_mL: number;
  /** Of all of the segment. */
  readonly values: readonly MeasuredValue[];
  readonly region: Region | undefined;
};

/** A statement of the release with what it comes to. */
export type StatementFinding = { readonly statement: Statement; readonly holds: boolean };

const intensities: Readonly<Partial<Record<Measurement['kind'], keyof Intensity>>> = {
  'intensity-mean': 'mean',
  'intensity-min': 'min',
  'intensity-max': 'max',
  'intensity-std': 'std',
};

/**
 * Measures each mask as the stage declares. A mask without a voxel has a volume of 0 and no other value.
 *
 * @param sliceAt asked only for slices with a marked voxel, and only where intensities are wanted
 */
export async function segmentFindings(
  stage: Pick<SegmentationStage, 'measurements'>,
  masks: readonly SegmentMask[],
  geometry: VolumeGeometry,
  sliceAt: SliceAt,
): Promise<readonly SegmentFinding[]> {
  const findings: SegmentFinding[] = [];
  for (const { segment, voxels: mask } of masks) {
    const kinds = stage.measurements.filter((wanted) => wanted.segment === segment).map(({ kind }) => kind);
    const voxels = countMarked(mask);
    const volume_mL = (voxels * geometry.voxel_mm3) / 1000;
    const intensity = kinds.some((kind) => intensities[kind] !== undefined)
      ? await intensityOf(sliceAt, mask, geometry.rows * geometry.columns)
      : undefined;
    const values = kinds.flatMap((kind): MeasuredValue[] => {
      if (kind === 'volume') return [{ kind, value: volume_mL }];
      const key = intensities[kind];
      return key === undefined || intensity === undefined ? [] : [{ kind, value: intensity[key] }];
    });
    findings.push({ segment, voxels, volume_mL, values, region: regionOf(mask, geometry, kinds) });
  }
  return findings;
}

/** What the statements of a stage come to. */
export const statementFindings = (
  stage: Pick<SegmentationStage, 'statements'>,
  findings: readonly SegmentFinding[],
): readonly StatementFinding[] =>
  (stage.statements ?? []).map((statement) => {
    const found = findings.find(({ segment }) => segment === statement.segment);
    return { statement, holds: (found?.voxels ?? 0) > 0 && (found?.volume_mL ?? 0) >= statement.volume_mL_min };
  });

function regionOf(
  mask: Uint8Array,
  { rows, columns, spacing_mm }: VolumeGeometry,
  kinds: readonly Measurement['kind'][],
): Region | undefined {
  const planar = kinds.filter((kind) => kind === 'area' || kind.startsWith('diameter-'));
  const [slice] = planar.length === 0 ? [] : keySlices(mask, rows * columns, 1);
  if (slice === undefined) return undefined;
  const pixels = mask.subarray(slice * rows * columns, (slice + 1) * rows * columns);
  const part = largestPart({ pixels, rows, columns });
  const outline = part === undefined ? undefined : outlinesOf(part).find((one) => signedArea(one) > 0);
  if (part === undefined || outline === undefined) return undefined;
  const { longest_mm, perpendicular_mm } = diametersOf(outline, spacing_mm);
  const valueOf = (kind: Measurement['kind']): number => {
    if (kind === 'area') return part.count * spacing_mm.rows * spacing_mm.columns;
    return kind === 'diameter-longest' ? longest_mm : perpendicular_mm;
  };
  return { slice, outline, values: planar.map((kind) => ({ kind, value: valueOf(kind) })) };
}
