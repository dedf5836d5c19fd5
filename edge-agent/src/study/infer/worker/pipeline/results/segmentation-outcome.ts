import type { SegmentationStage } from '@collimator/shared/contracts/release';
import { FRACTION_MAX } from '../../../../result/image/segmentation.ts';
import type { InferredOutcome } from '../../../protocol.ts';
import type { Masks } from '../tasks/masks.ts';

/** What became of a series, with the reason for a person to read; a measurement needs none. */
export function outcomeOf(
  { abstain }: Pick<SegmentationStage, 'abstain'>,
  marked: Masks,
  maskVoxels: number,
): { readonly outcome: InferredOutcome; readonly reason: string } {
  if (maskVoxels === 0) return { outcome: 'no-finding', reason: 'The algorithm ran and marked nothing' };
  const bound = abstain?.mean_probability_below;
  const mean = bound === undefined ? 1 : meanProbability(marked, maskVoxels);
  if (bound === undefined || mean >= bound) return { outcome: 'measured', reason: '' };
  return {
    outcome: 'abstained',
    reason: `Mean probability of what was marked is ${mean.toFixed(3)}, below ${bound}`,
  };
}

/** Over the voxels that are marked, of all segments. */
function meanProbability({ masks, probabilities }: Masks, maskVoxels: number): number {
  if (probabilities === undefined) throw new RangeError('the probabilities were not kept');
  let sum = 0;
  for (const [i, { voxels }] of masks.entries())
    for (const [slice, plane] of (probabilities[i] ?? []).entries())
      for (let v = 0; v < plane.length; v++) if (voxels[slice * plane.length + v] !== 0) sum += plane[v] as number;
  return sum / maskVoxels;
}

/** Probabilities of a segment as a fractional segmentation has them: 0 to FRACTION_MAX, slice after slice. */
export function fractionsOf(planes: readonly Float32Array[]): Uint8Array {
  const size = planes[0]?.length ?? 0;
  const fractions = new Uint8Array(planes.length * size);
  for (const [slice, plane] of planes.entries())
    for (let i = 0; i < size; i++) fractions[slice * size + i] = Math.round((plane[i] as number) * FRACTION_MAX);
  return fractions;
}
