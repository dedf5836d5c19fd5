import type { Stage } from '@collimator/shared/contracts/release';
import { FRACTION_MAX } from '../../result/image/segmentation.ts';
import type { InferredOutcome } from '../protocol.ts';
import type { Segmented } from './segment-series.ts';

type Marked = Pick<Segmented, 'mask' | 'maskVoxels' | 'probabilities'>;

/** What became of a series, with the reason for a person to read; a measurement needs none. */
export function outcomeOf(
  { abstain }: Pick<Stage, 'abstain'>,
  marked: Marked,
): { readonly outcome: InferredOutcome; readonly reason: string } {
  if (marked.maskVoxels === 0) return { outcome: 'no-finding', reason: 'The algorithm ran and marked nothing' };
  const bound = abstain?.mean_probability_below;
  const mean = bound === undefined ? 1 : meanProbability(marked);
  if (bound === undefined || mean >= bound) return { outcome: 'measured', reason: '' };
  return {
    outcome: 'abstained',
    reason: `Mean probability of what was marked is ${mean.toFixed(3)}, below ${bound}`,
  };
}

/** Over the voxels that are marked. */
function meanProbability({ mask, maskVoxels, probabilities }: Marked): number {
  if (probabilities === undefined) throw new RangeError('the probabilities were not kept');
  let sum = 0;
  for (const [slice, plane] of probabilities.entries())
    for (let i = 0; i < plane.length; i++) if (mask[slice * plane.length + i] !== 0) sum += plane[i] as number;
  return sum / maskVoxels;
}

/** Probabilities as a fractional segmentation has them: 0 to FRACTION_MAX, slice after slice. */
export function fractionsOf({ mask, probabilities }: Marked): Uint8Array {
  if (probabilities === undefined) throw new RangeError('the probabilities were not kept');
  const fractions = new Uint8Array(mask.length);
  for (const [slice, plane] of probabilities.entries())
    for (let i = 0; i < plane.length; i++)
      fractions[slice * plane.length + i] = Math.round((plane[i] as number) * FRACTION_MAX);
  return fractions;
}
